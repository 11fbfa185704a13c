/* A group and a parameter of one name. */
#include "good.h"

static void spoil(void) {
  params[0].name = "knee.gain";
}
