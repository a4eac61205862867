/* messages.c */
#include <glib.h>
