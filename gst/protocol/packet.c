/* packet.c */
#include <glib.h>
