#pragma once

#include "herd/table/version.hpp"

#include <cstdint>
#include <string_view>

// The rules that make all tables equal in the end, and keep a journal from losing anything. They
// stand in a file of their own so that a test can link wrong ones in their place, and show that the
// simulation finds them out.
namespace herd::table::rules {

// How far a server has processed one neighbour's feed: everything up to `seq` of the run `epoch`,
// and, when `sweep_target` is not 0, of the changes between `seq` and `sweep_target` those in slots
// below `sweep_slot`.
struct Position {
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;
    std::uint64_t sweep_target = 0;
    std::uint32_t sweep_slot = 0;
};

// As far ahead of its receipt a stamp counts, and no farther. Not a setting: servers that had
// different ones would order the same two reports differently, and be unequal for good.
inline constexpr std::int64_t slack_ns = 60'000'000'000;

// When a report counts as made, which is what orders it and what it expires by: at its stamp; or,
// where that is farther ahead, `slack_ns` after a server received it, which was `skew_ns` after its
// stamp. So nobody can put a client's future reports behind one of today for longer than the slack.
// Judged by what the line says alone, never by a clock of ours, so that every server decides alike.
std::int64_t latest(std::int64_t stamp_ns, std::int64_t skew_ns);
inline std::int64_t effective(std::int64_t stamp_ns, std::int64_t skew_ns) {
    return skew_ns >= -slack_ns ? stamp_ns : latest(stamp_ns, skew_ns);
}

// Whether a report of a neighbour's replaces what is stored: by effective time, stamp, location,
// server, skew and the stamp's text. A total order: of two that differ, exactly one is newer. Equal
// is a duplicate, and goes no further: that alone ends loops.
bool newer(const Version& report, const Version& stored);

// Whether a client's own report does: by the first three of these, so that the same one said again,
// to whichever server, changes nothing; unless its stamp is ahead by more than the slack, and it
// counts as made when it was received.
bool newer_report(const Version& report, const Version& stored);

// Whether who dials is the neighbour that it says it is: it shows the cookie that it could only be
// told where that neighbour listens. What it was told of names, runs and numbers shows nothing:
// others are told these, too. `cookie` is not 0; 0 is what was not shown.
bool proven(std::uint64_t shown, std::uint64_t cookie);

// What a server grants a neighbour whose present run is `epoch`, and whose feed has come to `seq`,
// given where it had come to itself. Another run numbers its changes anew; and what it has of this
// one cannot be more than there is.
Position granted(const Position& remembered, std::uint64_t epoch, std::uint64_t seq);

// What a sender remembers of the connections before this one.
struct Remembered {
    std::uint64_t written = 0;  // the last change written to the receiver
    Position acknowledged;      // what some run of the receiver's has acknowledged
    bool same_run = false;      // the receiver is that run
};

// Where a sender goes on, given what the receiver says it has processed, and its own run: at what
// both agree about. What the sender remembers by itself counts for nothing, as what was written is
// not what was received, and what was acknowledged was so by a run that may be over. What the
// receiver says by itself counts for nothing either: it may have been lied to, or be wrong.
// So what is not true costs that something is sent again, and never that something is not sent.
Position resumed(const Position& claimed, std::uint64_t epoch, const Remembered& remembered);

// What a receiver may be told that it has, when in a sweep from `base` to `target` all slots below
// `slot` have been written to it: of what has changed meanwhile it may have the later changes and
// lack the earlier ones.
Position swept(std::uint64_t base, std::uint64_t target, std::uint32_t slot);

// A record on its way: who reported it, whom it came from, who would get it. Sources and links are
// incarnations (see Neighbours).
struct Passage {
    std::uint32_t source;
    std::uint32_t link;
    std::string_view origin;     // the server in the record's line
    std::string_view neighbour;  // at the other end of the link
};

// The one suppression: nothing goes back to the very run of a neighbour that it came from.
bool came_from(const Passage& passage);

// Whether a stamp lies so far ahead of the time when its server received it, which is `skew_ns`
// later, that it is refused. By the line alone, as above. `max_future_ns` of 0: no stamp does.
bool too_far_ahead(std::int64_t skew_ns, std::int64_t stamp_ns, std::int64_t max_future_ns);

// Whether the time of a report is over: `ttl_ns` after its effective time, and not after it was
// received, so that a newer one always outlives an older, and one that is gone cannot come back.
// 0: never.
bool expired(std::int64_t effective_ns, std::int64_t wall_ns, std::int64_t ttl_ns);

// Whether the file of a journal, found with so many bytes at a start, is to be written anew. All of
// it could be read; but a run before may have failed to sync it, and then the kernel keeps what it
// reads us, and calls it written, while the disk lacks it. Nothing that is left shows it.
bool doubtful(std::uint64_t found);

// The new file of a journal, beside the one that it is to replace.
struct Renewed {
    bool complete;  // It has all that the other one has,
    bool synced;    // and the disk has as much of it.
};

// Whether it may take the other one's name. A file system may write a name down before the bytes of
// its file: so not before both.
bool replaces(const Renewed& next);

// Whether a stretch of a journal's file may go of which each line has been replaced, or written
// once more, when that ended at byte `until`: the disk has the file's first `synced` bytes.
bool may_go(std::uint64_t until, std::uint64_t synced);

// Whether what a journal's file has is to be kept under another name when a new file takes its own:
// so many of its records this server could not take, for want of room, or as its bounds have been
// changed. The new file lacks them.
bool kept(std::uint64_t refused);

// Whether to wait no longer for what a disk was asked so long ago. It may hang instead of failing.
bool late(std::int64_t waited_ns, std::int64_t limit_ns);

// Whether answers to reports wait while a journal is read: nothing is written to it until all of it
// has been, so until then a run that is killed leaves nothing of what it was told.
bool waits_for_load(bool loading);

}  // namespace herd::table::rules
