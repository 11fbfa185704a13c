/* A shared library that is no worker: it has no `aw_entry`. */
int aw_entrance(void);
int aw_entrance(void) { return 0; }
