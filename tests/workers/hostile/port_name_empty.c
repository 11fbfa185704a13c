/* A port whose name is empty. */
#include "good.h"

static void spoil(void) {
  ports[0].name = "";
}
