/* srtp.c */
#include <glib.h>
