// Analyses of a run.
