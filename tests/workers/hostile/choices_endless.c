/* Choices whose list has no end in reach. */
#include "good.h"

static const char *endless[100001];

static void spoil(void) {
  for (size_t i = 0; i < 100000; i++) endless[i] = "soft";
  params[1].choices = endless;
}
