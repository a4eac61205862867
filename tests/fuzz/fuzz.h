/* fuzz.h: what a fuzz target is, and eating its input.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Called by libFuzzer, or by replay.c for each file of a corpus. Aborts on a finding. */
int LLVMFuzzerTestOneInput (const guint8 * data, gsize size);

typedef struct
{
  const guint8 *data;
  gsize len;
} FuzzInput;

/* Zeros when there is no more. */
static inline guint8
fuzz_take8 (FuzzInput * input)
{
  if (input->len == 0)
    return 0;
  input->len--;
  return *input->data++;
}

static inline guint16
fuzz_take16 (FuzzInput * input)
{
  guint16 high = fuzz_take8 (input);

  return high << 8 | fuzz_take8 (input);
}

G_END_DECLS
