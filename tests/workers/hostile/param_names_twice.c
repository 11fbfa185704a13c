/* Two parameters of the same name. */
#include "good.h"

static void spoil(void) {
  params[1].name = params[0].name;
}
