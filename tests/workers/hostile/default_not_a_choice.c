/* A text whose default is not among its choices. */
#include "good.h"

static void spoil(void) {
  params[1].default_text = "medium";
}
