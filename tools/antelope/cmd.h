/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs. Each gets its own name as argv[0] and returns an exit status. */
#ifndef ANTELOPE_CMD_H
#define ANTELOPE_CMD_H

#define ANTELOPE_USAGE	2	/* exit status of a wrong call or a bad file */

int cmd_run(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_reload(int argc, char **argv);
int cmd_priors(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_export(int argc, char **argv);

#endif
