/* A parameter whose name has a dash. */
#include "good.h"

static void spoil(void) {
  params[0].name = "gain-db";
}
