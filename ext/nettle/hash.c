/* hash.c */
#include <glib.h>
