/* exchange.c */
#include <glib.h>
