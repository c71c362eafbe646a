// SPDX-License-Identifier: GPL-2.0-only
/*
 * The settings' file. All single values are text for libcyaml, since most have a
 * unit; its schema is made of the table in config.c. The limits of lists bound what
 * a file can make us allocate.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "file.h"
#include "model.h"
#include "yml.h"

#define FILE_MAX	1048576
#define TEXT_MAX	4096
#define OPT		(CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER)

struct raw_objective {
	char *cgroup;
	char *objective;
};

struct raw_pin {
	char *to;
	char *cc;
};

struct raw {
	char *value[CONFIG_KEYS];
	char **cc;
	unsigned int cc_count;
	struct raw_objective *objectives;
	unsigned int objectives_count;
	struct raw_pin *pins;
	unsigned int pins_count;
};

static const cyaml_schema_field_t objective_fields[] = {
	CYAML_FIELD_STRING_PTR("cgroup", CYAML_FLAG_POINTER, struct raw_objective, cgroup, 1,
			       TEXT_MAX),
	CYAML_FIELD_STRING_PTR("objective", CYAML_FLAG_POINTER, struct raw_objective, objective,
			       1, TEXT_MAX),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t objective_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_objective, objective_fields),
};

static const cyaml_schema_field_t pin_fields[] = {
	CYAML_FIELD_STRING_PTR("to", CYAML_FLAG_POINTER, struct raw_pin, to, 1, TEXT_MAX),
	CYAML_FIELD_STRING_PTR("cc", CYAML_FLAG_POINTER, struct raw_pin, cc, 1, TEXT_MAX),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t pin_entry = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_pin, pin_fields),
};

static const cyaml_schema_value_t cc_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX),
};

static const cyaml_schema_field_t list_fields[] = {
	CYAML_FIELD_SEQUENCE("cc", OPT, struct raw, cc, &cc_entry, 1, ANTELOPE_CCS),
	CYAML_FIELD_SEQUENCE("objectives", OPT, struct raw, objectives, &objective_entry, 0,
			     CONFIG_LIST),
	CYAML_FIELD_SEQUENCE("pins", OPT, struct raw, pins, &pin_entry, 0, CONFIG_LIST),
	CYAML_FIELD_END
};

/* Lists first: "cc" of the table is one of them. */
static void make_fields(cyaml_schema_field_t fields[CONFIG_KEYS])
{
	static const cyaml_schema_field_t end = CYAML_FIELD_END;
	static const cyaml_schema_field_t text = {
		.value = {
			.type = CYAML_STRING,
			.flags = OPT,
			.data_size = sizeof(char),
			.string = { .min = 0, .max = TEXT_MAX },
		},
	};
	unsigned int i, n;

	for (n = 0; list_fields[n].key; n++)
		fields[n] = list_fields[n];
	for (i = 0; i < config_nr_keys; i++) {
		if (!strcmp(config_keys[i].name, list_fields[0].key))
			continue;
		fields[n] = text;
		fields[n].key = config_keys[i].name;
		fields[n++].data_offset = offsetof(struct raw, value) + i * sizeof(char *);
	}
	fields[n] = end;
}

static int take_ccs(struct config *c, struct yml *y, const struct config_key *key,
		    const struct raw *raw)
{
	char text[ANTELOPE_CCS * (ANTELOPE_CC_NAME + 1)] = "", err[CONFIG_ERR];
	unsigned int i;
	size_t n = 0;

	for (i = 0; i < raw->cc_count; i++) {
		if (strlen(raw->cc[i]) >= ANTELOPE_CC_NAME || strchr(raw->cc[i], ','))
			return yml_error(y, key->name, "\"%.40s\" is no congestion control",
					 raw->cc[i]);
		n += snprintf(text + n, sizeof(text) - n, "%s%s", i ? "," : "", raw->cc[i]);
	}
	return i && config_set(c, key, text, err) ? yml_error(y, key->name, "%s", err) : 0;
}

static int take_values(struct config *c, struct yml *y, const struct raw *raw)
{
	const struct config_key *key;
	char err[CONFIG_ERR];
	unsigned int i;
	int bad = 0;

	for (i = 0; i < config_nr_keys && !bad; i++) {
		key = &config_keys[i];
		if (!strcmp(key->name, "cc"))
			bad = take_ccs(c, y, key, raw);
		else if (raw->value[i] && config_set(c, key, raw->value[i], err))
			bad = yml_error(y, key->name, "%s", err);
	}
	return bad;
}

static int take_objectives(struct config *c, struct yml *y, const struct raw *raw)
{
	char path[YML_PATH_MAX];
	struct config_objective *o;
	int objective;
	unsigned int i;

	c->objectives = calloc(raw->objectives_count + 1, sizeof(*o));
	if (!c->objectives)
		return -ENOMEM;
	for (i = 0; i < raw->objectives_count; i++) {
		o = &c->objectives[i];
		objective = model_objective(raw->objectives[i].objective);
		yml_path(path, "objectives[%u].objective", i);
		if (objective < 0)
			return yml_error(y, path, "no objective is called \"%.40s\"; give %s",
					 raw->objectives[i].objective,
					 "balanced, throughput or latency");
		o->objective = objective;
		o->cgroup = strdup(raw->objectives[i].cgroup);
		if (!o->cgroup)
			return -ENOMEM;
		c->nr_objectives++;
	}
	return 0;
}

static int take_pins(struct config *c, struct yml *y, const struct raw *raw)
{
	char path[YML_PATH_MAX];
	struct config_pin *pin;
	unsigned int i;

	c->pins = calloc(raw->pins_count + 1, sizeof(*pin));
	if (!c->pins)
		return -ENOMEM;
	for (i = 0; i < raw->pins_count; i++) {
		pin = &c->pins[i];
		yml_path(path, "pins[%u].to", i);
		if (prefix_parse(raw->pins[i].to, &pin->to))
			return yml_error(y, path,
					 "\"%.60s\" is no prefix; give 10.0.0.0/8 or fd00::/64",
					 raw->pins[i].to);
		yml_path(path, "pins[%u].cc", i);
		pin->cc = config_cc(c, raw->pins[i].cc);
		if (pin->cc == ANTELOPE_NO_CC)
			return yml_error(y, path,
					 "\"%.40s\" is not in the list cc; add it there",
					 raw->pins[i].cc);
		memcpy(pin->name, c->cc[pin->cc], sizeof(pin->name));
		c->nr_pins++;
	}
	return 0;
}

int config_load(struct config *c, const char *path)
{
	cyaml_schema_field_t fields[CONFIG_KEYS + 4];
	const cyaml_schema_value_t schema = {
		CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw, fields),
	};
	struct raw *raw = NULL;
	struct yml y = { 0 };
	char *text;
	size_t len;
	int err;

	err = file_read(path, FILE_MAX, &text, &len);
	if (err)
		return err;
	make_fields(fields);
	err = yml_load(&y, path, text, len, &schema, (void **)&raw);
	if (!err)
		err = take_values(c, &y, raw);
	if (!err)
		err = take_objectives(c, &y, raw);
	if (!err)
		err = take_pins(c, &y, raw);
	if (raw)
		yml_unload(&schema, raw);
	yml_free(&y);
	free(text);
	return err;
}
