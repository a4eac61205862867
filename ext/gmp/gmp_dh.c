/* gmp_dh.c */
#include <glib.h>
