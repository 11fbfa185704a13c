/* A worker whose summary is not UTF-8. */
#include "good.h"

static void spoil(void) {
  worker.summary = "\xFF\xFE copies audio";
}
