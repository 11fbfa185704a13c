/* A group of parameters called as the key that names the inputs. */
#include "good.h"

static void spoil(void) {
  params[0].name = "in.gain";
}
