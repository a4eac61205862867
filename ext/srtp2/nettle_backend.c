/* nettle_backend.c */
#include <glib.h>
