/* curve.c */
#include <glib.h>
