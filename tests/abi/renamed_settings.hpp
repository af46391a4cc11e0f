// A program's settings for narthex: one file, named by NARTHEX_CONFIG_HEADER.
#define NARTHEX_NAMESPACE acme_metrics
#define NARTHEX_YIELD() ::let_others_run()
inline void let_others_run();
