/* A table that names outputs of a worker that has no MANY output. */
#include "good.h"

static void spoil(void) {
  params[1].ty = aw_type_TABLE;
  params[1].default_text = NULL;
  params[1].choices = NULL;
  params[1].flags = aw_param_NAMES_OUTPUTS;
}
