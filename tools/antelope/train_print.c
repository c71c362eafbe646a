// SPDX-License-Identifier: GPL-2.0-only
/* What antelope train says, as text and as JSON, and its figure. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "names.h"
#include "train.h"

extern char **environ;

static void print_forests(const struct train *t, FILE *to)
{
	const struct antelope_model *m = t->model;
	const struct model_quality *q;
	unsigned int o, i;

	fprintf(to, "\n%-11s %-15s %10s %10s %10s %10s\n", "objective", "cc", "samples",
		"kept back", "error", "by mean");
	for (o = 0; o < ANTELOPE_OBJECTIVES; o++)
		for (i = 0; i < m->ccs; i++) {
			q = &m->quality[o * ANTELOPE_CCS + i];
			if (!m->forest[o * ANTELOPE_CCS + i].trees)
				fprintf(to, "%-11s %-15s   fewer than %u samples: no forest\n",
					model_objective_name(o), m->cc[i], t->min);
			else if (!q->held)
				fprintf(to, "%-11s %-15s %10llu %10s %10s %10s\n",
					model_objective_name(o), m->cc[i],
					(unsigned long long)q->samples, "0", "-", "-");
			else
				fprintf(to, "%-11s %-15s %10llu %10llu %10.4f %10.4f\n",
					model_objective_name(o), m->cc[i],
					(unsigned long long)q->samples,
					(unsigned long long)q->held, q->rmse, q->rmse_mean);
		}
	fprintf(to, "error: root of the mean square, of rewards, which are logarithms to base 2;\n"
		"by mean: the same when the mean of the CC's rewards is predicted\n");
}

static void print_confusion(const struct train *t, unsigned int o, FILE *to)
{
	const struct confusion *c = &t->confusion[o];
	unsigned int i, j, best = 0;
	uint64_t right = 0;

	fprintf(to, "\n%s, ", model_objective_name(o));
	if (!c->samples) {
		fprintf(to, "no destination with several measured: nothing to compare\n");
		return;
	}
	for (i = 0; i < t->all.ccs; i++) {
		right += c->n[i][i];
		if (c->regret_fixed[i] < c->regret_fixed[best])
			best = i;
	}
	fprintf(to, "%llu windows, %llu destinations: best measured (row), predicted (column)\n",
		(unsigned long long)c->samples, (unsigned long long)c->groups);
	fprintf(to, "%-15s", "");
	for (i = 0; i < t->all.ccs; i++)
		fprintf(to, " %9.9s", t->all.cc[i]);
	fputc('\n', to);
	for (i = 0; i < t->all.ccs; i++) {
		fprintf(to, "%-15s", t->all.cc[i]);
		for (j = 0; j < t->all.ccs; j++)
			fprintf(to, " %9llu", (unsigned long long)c->n[i][j]);
		fputc('\n', to);
	}
	fprintf(to, "predicted in %.1f %%; lost against the best: %.4f, as it was done %.4f, ",
		100.0 * right / c->samples, c->regret, c->regret_done);
	fprintf(to, "%s always %.4f\n", t->all.cc[best], c->regret_fixed[best]);
}

void train_print(const struct train *t, FILE *to)
{
	unsigned int i;

	fprintf(to, "%u logs, %zu records, %u flows, %llu samples\n", t->all.files, t->all.n,
		t->all.flows, (unsigned long long)t->all.usable);
	if (t->all.cut)
		fprintf(to, "%llu logs end in half a record; it was left out\n",
			(unsigned long long)t->all.cut);
	print_forests(t, to);
	for (i = 0; i < ANTELOPE_OBJECTIVES; i++)
		print_confusion(t, i, to);
	fprintf(to, "\n%-12s %10s\n", "feature", "gain, %");
	for (i = 0; i < ANTELOPE_FEATURES; i++)
		fprintf(to, "%-12s %10.2f\n", feature_names[i].name, 100 * t->gain[i]);
}

static void add_text(json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, json_object_new_string(text));
}

static json_object *forests_json(const struct train *t)
{
	const struct antelope_model *m = t->model;
	json_object *all = json_object_new_array(), *f;
	const struct model_quality *q;
	unsigned int i, number;

	for (i = 0; i < ANTELOPE_OBJECTIVES * m->ccs; i++) {
		number = i / m->ccs * ANTELOPE_CCS + i % m->ccs;
		q = &m->quality[number];
		f = json_object_new_object();
		add_text(f, "objective", model_objective_name(i / m->ccs));
		add_text(f, "cc", m->cc[i % m->ccs]);
		json_object_object_add(f, "trees", json_object_new_int(m->forest[number].trees));
		json_object_object_add(f, "samples", json_object_new_int64(q->samples));
		json_object_object_add(f, "held", json_object_new_int64(q->held));
		json_object_object_add(f, "rmse", json_object_new_double(q->rmse));
		json_object_object_add(f, "rmse_mean", json_object_new_double(q->rmse_mean));
		json_object_array_add(all, f);
	}
	return all;
}

static json_object *confusion_json(const struct train *t, const struct confusion *c)
{
	json_object *o = json_object_new_object(), *rows = json_object_new_object();
	json_object *fixed = json_object_new_object(), *row;
	unsigned int i, j;

	for (i = 0; i < t->all.ccs; i++) {
		row = json_object_new_object();
		for (j = 0; j < t->all.ccs; j++)
			json_object_object_add(row, t->all.cc[j],
					       json_object_new_int64(c->n[i][j]));
		json_object_object_add(rows, t->all.cc[i], row);
		json_object_object_add(fixed, t->all.cc[i],
				       json_object_new_double(c->regret_fixed[i]));
	}
	json_object_object_add(o, "groups", json_object_new_int64(c->groups));
	json_object_object_add(o, "samples", json_object_new_int64(c->samples));
	json_object_object_add(o, "best_measured", rows);
	json_object_object_add(o, "regret", json_object_new_double(c->regret));
	json_object_object_add(o, "regret_done", json_object_new_double(c->regret_done));
	json_object_object_add(o, "regret_fixed", fixed);
	return o;
}

int train_print_json(const struct train *t, FILE *to)
{
	json_object *root = json_object_new_object();
	json_object *confusion = json_object_new_object(), *gain = json_object_new_object();
	unsigned int i;

	json_object_object_add(root, "version", json_object_new_int64(t->model->version));
	json_object_object_add(root, "digest", json_object_new_string(t->model->digest));
	json_object_object_add(root, "logs", json_object_new_int64(t->all.files));
	json_object_object_add(root, "logs_cut", json_object_new_int64(t->all.cut));
	json_object_object_add(root, "records", json_object_new_int64(t->all.n));
	json_object_object_add(root, "flows", json_object_new_int64(t->all.flows));
	json_object_object_add(root, "samples", json_object_new_int64(t->all.usable));
	json_object_object_add(root, "forests", forests_json(t));
	for (i = 0; i < ANTELOPE_OBJECTIVES; i++)
		json_object_object_add(confusion, model_objective_name(i),
				       confusion_json(t, &t->confusion[i]));
	json_object_object_add(root, "confusion", confusion);
	for (i = 0; i < ANTELOPE_FEATURES; i++)
		json_object_object_add(gain, feature_names[i].name,
				       json_object_new_double(t->gain[i]));
	json_object_object_add(root, "gain", gain);
	fprintf(to, "%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
	return 0;
}

static void write_script(const struct train *t, FILE *f)
{
	unsigned int i;

	fputs("set terminal svg size 640,420 dynamic noenhanced font 'sans,12'\n"
	      "set title 'what splits by each feature gained'\n"
	      "set xlabel 'share of the gain, %'\nset xrange [0:*]\n"
	      "set yrange [*:*] reverse\nset grid x\nset key off\nset tics nomirror\n"
	      "set style fill solid\n$d << EOD\n", f);
	for (i = 0; i < ANTELOPE_FEATURES; i++)
		fprintf(f, "%s %.4f\n", feature_names[i].name, 100 * t->gain[i]);
	fputs("EOD\nset bars 0\n"
	      "plot $d using ($2/2):0:($2/2):(0.35):ytic(1) with boxxyerror lc rgb '#3b6ea5'\n", f);
}

/* gnuplot reads the script from a pipe and writes into the file that we opened. */
int train_figure(const struct train *t, const char *path, char *err)
{
	char * const argv[] = { "gnuplot", "-", NULL };
	posix_spawn_file_actions_t actions;
	int fd[2], status = -1, bad;
	pid_t pid;
	FILE *f;

	if (pipe2(fd, O_CLOEXEC)) {
		snprintf(err, MODEL_ERR, "%.255s: cannot draw it: %s", path, strerror(errno));
		return -errno;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd[0], 0);
	posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	bad = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fd[0]);
	f = fdopen(fd[1], "w");
	if (f && !bad)
		write_script(t, f);
	if (f)
		fclose(f);
	else
		close(fd[1]);
	if (!bad && (waitpid(pid, &status, 0) != pid || status))
		bad = EIO;
	if (!bad)
		return 0;
	snprintf(err, MODEL_ERR, "%.255s: gnuplot cannot draw it: %s; is gnuplot installed?",
		 path, strerror(bad));
	return -bad;
}
