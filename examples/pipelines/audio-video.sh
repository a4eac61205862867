#!/bin/sh
# audio-video.sh: one end of a call with sound and picture; run it on two machines, each with the other's address.
#
# Usage: sh examples/pipelines/audio-video.sh OTHER-ADDRESS [OWN-PORT [OTHER-PORT]]
#
# Stream 0 (sound) agrees on the keys, stream 1 (picture) gets its own by Multistream mode: one authentication string
# for both. Uses two UDP ports, 5000 and 5002 by default. AUDIO_SOURCE, VIDEO_SOURCE, AUDIO_SINK and VIDEO_SINK choose
# other elements than the machine's devices, for example AUDIO_SOURCE='audiotestsrc is-live=true'.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

if test $# -lt 1 || test $# -gt 3; then
  sed -n '2,8s/^# \{0,1\}//p' "$0"
  exit 2
fi
other=$1
own_port=${2:-5000}
other_port=${3:-5000}

# async=false: each end sends before it has got anything. Two ends on one machine: set XDG_DATA_HOME differently for each, or
# add cache=memory to zrtpenc, as the cache is who an end is.
# shellcheck disable=SC2086
exec gst-launch-1.0 -m zrtpenc name=zrtpenc \
  ${AUDIO_SOURCE:-autoaudiosrc} ! audioconvert ! audioresample ! opusenc ! rtpopuspay \
    ! zrtpenc.rtp_sink_0 zrtpenc.rtp_src_0 ! udpsink host="$other" port="$other_port" async=false \
  ${VIDEO_SOURCE:-autovideosrc} ! videoconvert ! videoscale ! video/x-raw,width=640,height=360 \
    ! vp8enc deadline=1 keyframe-max-dist=30 target-bitrate=800000 ! rtpvp8pay \
    ! zrtpenc.rtp_sink_1 zrtpenc.rtp_src_1 ! udpsink host="$other" port=$((other_port + 2)) async=false \
  udpsrc port="$own_port" caps=application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS \
    ! zrtpdec stream=0 ! rtpjitterbuffer ! rtpopusdepay ! opusdec ! audioconvert ! audioresample \
    ! ${AUDIO_SINK:-autoaudiosink} \
  udpsrc port=$((own_port + 2)) caps=application/x-rtp,media=video,clock-rate=90000,encoding-name=VP8 \
    ! zrtpdec stream=1 ! rtpjitterbuffer ! rtpvp8depay ! vp8dec ! videoconvert ! ${VIDEO_SINK:-autovideosink}
