/* secrets.c */
#include <glib.h>
