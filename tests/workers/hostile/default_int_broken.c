/* A whole number whose default is a half. */
#include "good.h"

static void spoil(void) {
  params[0].ty = aw_type_INT;
  params[0].default_num = 0.5;
}
