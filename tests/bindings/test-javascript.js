#!/usr/bin/env -S gjs
// test-javascript.js: the library from JavaScript (gjs): each public function, and a call in one process.
//
// SPDX-License-Identifier: LGPL-2.1-or-later
'use strict';

imports.gi.versions.Gst = '1.0';
const {Gio, GLib, Gst, GstSdp, GstZrtp} = imports.gi;
const System = imports.system;

const LIMIT = 20;       // seconds
const SIDE = (from, to) => 'audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000 ! mulawenc ' +
    `! rtppcmupay ! queue ! zrtpenc name=${from}-enc ! queue ! zrtpdec name=${to}-dec ! fakesink async=false `;

function check(condition, ...what) {
    if (!condition)
        throw new Error(`not so: ${what.join(' ')}`);
}

function equal(one, other) {
    check(JSON.stringify(one) === JSON.stringify(other), JSON.stringify(one), 'is', JSON.stringify(other));
}

function raises(call, code) {
    try {
        call();
    } catch (error) {
        check(error instanceof GLib.Error && error.matches(Gio.IOErrorEnum, code), error);
        return;
    }
    throw new Error('nothing is thrown');
}

function message(text) {
    return Gst.Message.new_element(null, Gst.Structure.from_string(text)[0]);
}

// Alice and Bob in one pipeline: each one's packets go into the other's zrtpdec. The messages come by the main loop.
class Call {
    constructor(alice, bob) {
        this.pipeline = Gst.parse_launch(SIDE('alice', 'bob') + SIDE('bob', 'alice'));
        for (const [name, session] of [['alice', alice], ['bob', bob]]) {
            for (const kind of ['enc', 'dec'])
                this.pipeline.get_by_name(`${name}-${kind}`).session = session;
        }
        this.messages = [];
        this.loop = new GLib.MainLoop(null, false);
        this.condition = () => false;
        this.bus = this.pipeline.get_bus();
        this.bus.add_signal_watch();
        this.watch = this.bus.connect('message', (_bus, told) => {
            if (told.type === Gst.MessageType.ELEMENT && GstZrtp.message_is(told))
                this.messages.push(told);
            this.broken = told.type === Gst.MessageType.ERROR ? told.parse_error()[0] : this.broken;
            if (this.broken || this.condition())
                this.loop.quit();
        });
        this.pipeline.set_state(Gst.State.PLAYING);
    }

    // Waits until a message is there that parse reads and for which the condition holds; returns what parse read.
    wait(session, parse, condition = () => true) {
        let found;
        this.condition = () => {
            found = this.messages.filter(told => GstZrtp.message_parse(told)[1] === session.get_id())
                .map(told => parse(told)).find(([good, ...fields]) => good && condition(...fields));
            return found !== undefined;
        };
        if (!this.condition()) {
            const timer = GLib.timeout_add_seconds(GLib.PRIORITY_DEFAULT, LIMIT, () => {
                this.loop.quit();
                return GLib.SOURCE_CONTINUE;
            });
            this.loop.run();
            GLib.source_remove(timer);
        }
        check(!this.broken, this.broken);
        check(found, parse, 'finds nothing in', this.messages.map(told => told.get_structure().to_string()));
        return found.slice(1);
    }

    end() {
        this.pipeline.set_state(Gst.State.NULL);
        this.bus.disconnect(this.watch);
        this.bus.remove_signal_watch();
    }
}

const tests = {
    'sessions and their properties'() {
        const [one, two] = [new GstZrtp.Session(), GstZrtp.Session.new()];
        check(one.id && one.id === one.get_id() && one.id !== two.id);
        equal(new GstZrtp.Session({id: 'mine'}).id, 'mine');
        const named = GstZrtp.Session.obtain('named');
        check(GstZrtp.Session.obtain('named') === named && GstZrtp.Session.find('named') === named);
        equal(GstZrtp.Session.find('nobody'), null);
        const session = new GstZrtp.Session({mediaPolicy: GstZrtp.MediaPolicy.SECURE_ONLY, cache: 'none', enroll: true});
        equal([session.media_policy, session.cache, session.enroll, session.cacheTtl],
            [GstZrtp.MediaPolicy.SECURE_ONLY, 'none', true, 4294967295]);
        equal([session.get_state(0), session.get_security(0)], [GstZrtp.State.IDLE, GstZrtp.Security.NONE]);
        equal([session.get_exported_key(), session.get_signature(), session.sas], [null, null, null]);
        session.add_entropy(new GLib.Bytes([1, 2, 3]));
        session.set_aux_secret(new GLib.Bytes([1, 2, 3]));
        session.set_aux_secret(null);
        session.set_srtp_secret(new GLib.Bytes(Array(16).fill(7)), null);
        session.set_srtp_secret(null, null);
        session.set_enrolled(false);
        session.accept_signature();
        check(session.new_call() && !session.relay_sas(one));
        equal(session.get_stats().get_name(), 'application/x-zrtp-stats');
        const encoder = Gst.ElementFactory.make('zrtpenc', null);
        encoder.set_context(session.make_context(true));
        encoder.set_state(Gst.State.READY);
        check(encoder.session === session);
        encoder.set_state(Gst.State.NULL);
    },

    'enumerations and constants'() {
        equal(GstZrtp.State.to_string(GstZrtp.State.NO_PEER), 'no-peer');
        equal(GstZrtp.security_to_string(GstZrtp.Security.VERIFIED_SIGNALLED), 'verified-signalled');
        check(GstZrtp.Security.NONE < GstZrtp.Security.INSECURE && GstZrtp.Security.UNVERIFIED < GstZrtp.Security.VERIFIED);
        equal(GstZrtp.SESSION_CONTEXT_TYPE, 'gst.zrtp.Session');
    },

    'messages'() {
        const {State, Security} = GstZrtp;
        const cases = [
            ['parse_state', `${GstZrtp.MESSAGE_STATE}, old-state=securing, state=secure, security=verified`,
                [State.SECURING, State.SECURE, Security.VERIFIED]],
            ['parse_sas', `${GstZrtp.MESSAGE_SAS}, sas=b4x9, sas-type=B32, security=insecure, verified=(boolean)true`,
                ['b4x9', 'B32', Security.INSECURE, true]],
            ['parse_warning', `${GstZrtp.MESSAGE_WARNING}, code=cache-mismatch`, ['cache-mismatch', 'in English']],
            ['parse_error', `${GstZrtp.MESSAGE_ERROR}, code=(int)144, name="Equal ZIDs", origin=remote`,
                [144, 'Equal ZIDs', true]],
            ['parse_enrollment', `${GstZrtp.MESSAGE_ENROLLMENT}, status=offered`, ['offered']],
            ['parse_signature', `${GstZrtp.MESSAGE_SIGNATURE}, sas-hash=0a1b, signature=2c3d`, ['0a1b', '2c3d']],
            ['parse_alert', `${GstZrtp.MESSAGE_ALERT}, alert=secure, sounding=true`, ['secure', true]],
        ];
        for (const [name, text, fields] of cases) {
            const told = message(`${text}, session-id=a, stream=1, text="in English"`);
            equal(GstZrtp[`message_${name}`](told), [true, ...fields]);
            equal(GstZrtp.message_parse(told), [true, 'a', 1, 'in English']);
            check(GstZrtp.message_is(told));
            for (const [other] of cases)
                equal(GstZrtp[`message_${other}`](told)[0] === true, other === name);
        }
        check(!GstZrtp.message_is(message('foreign, state=secure')));
    },

    'session descriptions'() {
        const session = new GstZrtp.Session();
        const hash = session.get_zrtp_hash(0);
        // GstSDPMedia is no boxed type: JavaScript has one only as part of a description.
        const [, description] = GstSdp.SDPMessage.new_from_text('v=0\r\nm=audio 5000 RTP/AVP 0\r\n');
        const media = description.get_media(0);
        equal(GstZrtp.sdp_media_get_zrtp_hash(media), null);
        check(GstZrtp.sdp_media_add_zrtp_hash(media, hash) && !GstZrtp.sdp_media_add_zrtp_hash(media, 'nonsense'));
        equal(GstZrtp.sdp_media_get_zrtp_hash(media), hash);
        equal(session.emit('get-zrtp-hash', 0), hash);
        equal([session.set_peer_zrtp_hash(0, hash), session.set_peer_zrtp_hash(0, null),
            session.emit('set-peer-zrtp-hash', 0, 'nonsense')], [true, true, false]);
        session.emit('add-entropy', new GLib.Bytes([1, 2, 3]));
    },

    'errors are thrown'() {
        raises(() => new GstZrtp.Session({cache: 'none'}).list_peers(), Gio.IOErrorEnum.NOT_SUPPORTED);
        raises(() => GstZrtp.use_seed_file('/'), Gio.IOErrorEnum.FAILED);
    },

    'a call, verified, cleared, and remembered'() {
        const directory = GLib.dir_make_tmp('zrtp-gjs-XXXXXX');
        const cache = GLib.build_filenamev([directory, 'cache.db']);
        check(GstZrtp.use_seed_file(GLib.build_filenamev([directory, 'seed'])));
        const alice = new GstZrtp.Session({cache, allowClear: true, exportKey: true});
        const bob = new GstZrtp.Session({cache: 'memory', allowClear: true, exportKey: true, peerName: 'Alice'});
        alice.set_peer_zrtp_hash(0, bob.get_zrtp_hash(0));
        const call = new Call(alice, bob);
        const [sas, type, security] = call.wait(alice, GstZrtp.message_parse_sas);
        equal([call.wait(bob, GstZrtp.message_parse_sas)[0], type, security], [sas, 'B32', GstZrtp.Security.UNVERIFIED]);
        equal(alice.sas, sas);
        alice.peer_name = 'Bob';
        alice.sas_match();
        call.pipeline.get_by_name('bob-dec').emit('sas-match');
        for (const session of [alice, bob])
            call.wait(session, GstZrtp.message_parse_sas, (_sas, _type, _security, verified) => verified);
        equal(alice.get_exported_key().toArray(), bob.get_exported_key().toArray());
        const [, streams] = alice.get_stats().get_array('streams');
        equal(streams.n_values, 1);
        const stream = streams.get_nth(0);
        equal([stream.get_string('state'), stream.get_int('stream')], ['secure', [true, 0]]);
        alice.clear();
        call.wait(bob, GstZrtp.message_parse_warning, code => code === 'clear-requested');
        bob.accept_clear();
        call.wait(bob, GstZrtp.message_parse_state, (old, state) =>
            old === GstZrtp.State.CLEARING && state === GstZrtp.State.CLEAR);
        call.messages = [];
        bob.secure();
        call.wait(alice, GstZrtp.message_parse_state, (_old, state) => state === GstZrtp.State.SECURE);
        call.end();

        const [peer] = alice.list_peers();
        System.gc();
        equal([peer.name, peer.verified, peer.has_secret, peer.enrolled, peer.zid.length], ['Bob', true, true, false, 24]);
        check(Math.abs(peer.last_use - Date.now() / 1000) < 100);
        check(alice.unverify_peer(peer.zid) && !alice.list_peers()[0].verified);
        check(alice.rename_peer(peer.zid, 'Robert') && alice.list_peers()[0].name === 'Robert');
        check(alice.forget_peer(peer.zid) && alice.list_peers().length === 0);
        for (const name of ['cache.db', 'seed'])
            GLib.unlink(GLib.build_filenamev([directory, name]));
        GLib.rmdir(directory);
    },

    'strings that differ'() {
        const [alice, bob] = [new GstZrtp.Session({cache: 'memory'}), new GstZrtp.Session({cache: 'memory'})];
        const call = new Call(alice, bob);
        call.wait(alice, GstZrtp.message_parse_sas);
        alice.set_verified(false);
        call.wait(alice, GstZrtp.message_parse_warning, code => code === 'sas-refused');
        call.wait(alice, GstZrtp.message_parse_sas, (_sas, _type, security) => security === GstZrtp.Security.INSECURE);
        call.end();
    },

    // Functions that the garbage collector and the library both have a hand in.
    'ownership'() {
        const session = new GstZrtp.Session();
        for (let i = 0; i < 500; i++) {
            session.get_stats();
            session.get_zrtp_hash(0);
            session.get_id();
            new GstZrtp.Session();
            GstZrtp.Session.obtain('owned');
            GstZrtp.message_parse(message('zrtp-sas, session-id=a, stream=1, text="in English"'));
            if (i % 100 === 0)
                System.gc();
        }
        System.gc();
        equal(GstZrtp.Session.find('owned'), null);
    },
};

Gst.init(null);
let failed = 0;
Object.entries(tests).forEach(([name, test], index) => {
    try {
        test();
        print(`ok ${index + 1} - ${name}`);
    } catch (error) {
        failed++;
        print(`not ok ${index + 1} - ${name}\n# ${error}\n# ${(error.stack || '').replace(/\n/g, '\n# ')}`);
    }
});
print(`1..${Object.keys(tests).length}`);
System.exit(failed ? 1 : 0);
