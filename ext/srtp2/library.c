/* library.c: libsrtp2 itself: started once and late, and asked what it can do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ext/srtp2/library.h"
#include "ext/srtp2/srtp.h"

#include <string.h>

#ifdef ZRTP_SRTP_NETTLE
#include "ext/srtp2/nettle_backend.h"
#endif

#define RTP_HEADER_LEN 12
#define SHA1_KEY_LEN 20

static GMutex library_lock;
static gboolean library_ready;  /* the rest under library_lock */
static const gchar *library_backend = "libsrtp2";
static guint8 library_supports[5];      /* by algorithm_index(): 0 not tried, 1 yes, 2 no */

static gboolean
algorithm_index (guint key_len, gboolean aead, guint * index)
{
  switch (key_len) {
    case 16:
      *index = aead ? 3 : 0;
      return TRUE;
    case 24:
      *index = 1;
      return !aead;
    case 32:
      *index = aead ? 4 : 2;
      return TRUE;
    default:
      return FALSE;
  }
}

void
zrtp_srtp_fill_policy (srtp_policy_t * policy, guint key_len, gboolean aead, guint tag_len, guint8 * master)
{
  memset (policy, 0, sizeof *policy);
  if (aead) {
    policy->rtp.cipher_type = key_len == 16 ? SRTP_AES_GCM_128 : SRTP_AES_GCM_256;
    policy->rtp.cipher_key_len = key_len + SRTP_AEAD_SALT_LEN;
    policy->rtp.auth_type = SRTP_NULL_AUTH;
  } else {
    policy->rtp.cipher_type =
        key_len == 16 ? SRTP_AES_ICM_128 : key_len == 24 ? SRTP_AES_ICM_192 : SRTP_AES_ICM_256;
    policy->rtp.cipher_key_len = key_len + SRTP_SALT_LEN;
    policy->rtp.auth_type = SRTP_HMAC_SHA1;
    policy->rtp.auth_key_len = SHA1_KEY_LEN;
  }
  policy->rtp.auth_tag_len = tag_len;
  policy->rtp.sec_serv = sec_serv_conf_and_auth;
  policy->rtcp = policy->rtp;
  if (!aead)
    policy->rtcp.auth_tag_len = SHA1_SRTCP_TAG_LEN;
  policy->ssrc.type = ssrc_any_inbound;
  policy->key = master;
  policy->window_size = REPLAY_WINDOW;
}

/* Both are given session keys to derive. */
srtp_err_status_t
zrtp_srtp_create_context (srtp_t * context, const srtp_policy_t * policy)
{
  srtp_err_status_t status;

#ifdef ZRTP_SRTP_NETTLE
  zrtp_srtp_nettle_derive_192 (policy->rtp.cipher_type == SRTP_AES_ICM_192);
#endif
  status = srtp_create (context, policy);
#ifdef ZRTP_SRTP_NETTLE
  zrtp_srtp_nettle_derive_192 (FALSE);
#endif
  return status;
}

srtp_err_status_t
zrtp_srtp_add_stream (srtp_t context, const srtp_policy_t * policy)
{
  srtp_err_status_t status;

#ifdef ZRTP_SRTP_NETTLE
  zrtp_srtp_nettle_derive_192 (policy->rtp.cipher_type == SRTP_AES_ICM_192);
#endif
  status = srtp_add_stream (context, policy);
#ifdef ZRTP_SRTP_NETTLE
  zrtp_srtp_nettle_derive_192 (FALSE);
#endif
  return status;
}

/* Once in a process, when first needed: it costs 15 to 20 ms on NSS. Another user of libsrtp2 in the process
 * may have started it before, and then srtp_init() runs the self-tests again and says bad_param for what it
 * cannot add twice; so its word counts for little, and whether a context can be made is asked instead. If
 * another thread is starting it at this very moment, outside our lock, both can fail half way; the next call
 * then tries again. srtp_shutdown() is never called: the library may not be ours alone. */
static gboolean
library_start (void)
{
  guint8 master[SRTP_MAX_KEY_LEN] = { 0 };
  srtp_policy_t policy;
  srtp_t context;

  if (library_ready)
    return TRUE;
  srtp_init ();
#ifdef ZRTP_SRTP_NETTLE
  if (zrtp_srtp_install_nettle ())
    library_backend = "nettle";
#endif
  zrtp_srtp_fill_policy (&policy, 16, FALSE, 10, master);
  if (zrtp_srtp_create_context (&context, &policy) == srtp_err_status_ok) {
    srtp_dealloc (context);
    library_ready = TRUE;
  }
  return library_ready;
}

const gchar *
zrtp_srtp_get_backend (void)
{
  const gchar *backend;

  g_mutex_lock (&library_lock);
  backend = library_start ()? library_backend : "none";
  g_mutex_unlock (&library_lock);
  return backend;
}

/* libsrtp2's own AES-192 is not that of RFC 6188 before version 2.8: see nettle_backend.h. Master key and
 * salt of RFC 6188 section 7.4, and the keystream of its session key and salt for packet 0 of SSRC 0. */
static gboolean
derives_192 (void)
{
  static const guint8 key[] = {
    0x73, 0xed, 0xc6, 0x6c, 0x4f, 0xa1, 0x57, 0x76, 0xfb, 0x57, 0xf9, 0x50, 0x5c, 0x17, 0x13, 0x65,
    0x50, 0xff, 0xda, 0x71, 0xf3, 0xe8, 0xe5, 0xf1,
    0xc8, 0x52, 0x2f, 0x3a, 0xcd, 0x4c, 0xe8, 0x6d, 0x5a, 0xdd, 0x78, 0xed, 0xbb, 0x11
  };
  static const guint8 keystream[16] = {
    0x72, 0x23, 0xce, 0xfe, 0x84, 0x8c, 0xc9, 0x68, 0x44, 0x9c, 0x53, 0x9c, 0x07, 0x56, 0x1c, 0xb9
  };
  guint8 master[SRTP_MAX_KEY_LEN] = { 0 };
  guint8 packet[RTP_HEADER_LEN + 16 + SRTP_MAX_TRAILER_LEN] = { 0x80 };
  int len = RTP_HEADER_LEN + 16;
  srtp_policy_t policy;
  srtp_t context;
  gboolean right;

  memcpy (master, key, sizeof key);
  zrtp_srtp_fill_policy (&policy, 24, FALSE, SHA1_SRTCP_TAG_LEN, master);
  policy.ssrc.type = ssrc_any_outbound;
  if (zrtp_srtp_create_context (&context, &policy) != srtp_err_status_ok)
    return FALSE;
  right = srtp_protect (context, packet, &len) == srtp_err_status_ok
      && memcmp (packet + RTP_HEADER_LEN, keystream, sizeof keystream) == 0;
  srtp_dealloc (context);
  return right;
}

gboolean
zrtp_srtp_supports (guint key_len, gboolean aead)
{
  guint8 master[SRTP_MAX_KEY_LEN] = { 0 };
  srtp_policy_t policy;
  srtp_t context;
  gboolean supported = FALSE;
  guint i;

  if (!algorithm_index (key_len, aead, &i))
    return FALSE;

  g_mutex_lock (&library_lock);
  if (library_start ()) {
    if (library_supports[i] == 0) {
      zrtp_srtp_fill_policy (&policy, key_len, aead, aead ? GCM_TAG_LEN : SHA1_SRTCP_TAG_LEN, master);
      library_supports[i] = 2;
      if (zrtp_srtp_create_context (&context, &policy) == srtp_err_status_ok) {
        srtp_dealloc (context);
        if (key_len != 24 || derives_192 ())
          library_supports[i] = 1;
      }
    }
    supported = library_supports[i] == 1;
  }
  g_mutex_unlock (&library_lock);
  return supported;
}
