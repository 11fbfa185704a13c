/* A parameter whose name is empty. */
#include "good.h"

static void spoil(void) {
  params[0].name = "";
}
