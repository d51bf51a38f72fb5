#pragma once

#include <array>
#include <string_view>

namespace herd::table::rules {

// Rules that are known to leave tables unequal, or to lose what was answered, and that have been
// somebody's rules in earnest.
enum class Wrong : unsigned char {
    none,
    order_by_stamp,           // whatever the stamp, the greatest wins: one far ahead for ever
    first_of_equals_wins,     // equal stamps: what came first stays
    origin_has_it,            // a server that has seen a record is not sent it, restarted or not
    source_outlives_restart,  // what came from X never goes back to X, whichever run of X it is
    believe_the_hello,        // who says that it is a neighbour, is
    believe_the_claim,        // what a receiver says that it has, it has
    resume_from_written,      // what was written counts as received
    ignore_restart,           // what was acknowledged counts as received, whichever run did so
    resume_without_epoch,     // a change's number counts, whatever run gave it
    sweep_advances,           // what has been sent of a sweep counts as all up to its target
    judge_by_own_clock,       // a stamp is too far ahead of the clock of whoever looks at it
    overwrite_if_different,   // the prototype's rule: the last to arrive wins
    trust_what_is_read,       // what a journal's file says at a start is on the disk
    rename_before_sync,       // a new journal takes the old one's name as soon as it is written
    punch_before_sync,        // what a journal has once more, or newer, further on may go at once
    forget_what_is_refused,   // a new journal takes the place of one that it lacks a part of
    wait_for_the_disk,        // a disk that does not fail will answer
    answer_while_loading,     // what is in the table is kept, though its journal is still read
    // Of herds that share a bucket.
    acknowledged_is_stored,  // what the broker has acknowledged, the bucket has
    no_repair,               // what the bucket shows is left as it is, though it is older
    message_ids,         // each line is published with an id of its own, lest it be stored twice
    resume_across_runs,  // a stream's numbers mean the same when its broker has been started anew
    publish_back,        // what came from the bucket is published there like all else
    bucket_has_its_own,  // what came from the bucket is never published
    last_is_not_asked,   // a later acknowledgement will tell of what is published, if none follows
};

struct NamedWrong {
    std::string_view name;
    Wrong rule;
    bool of_bucket = false;  // It is one of herds that share a bucket.
};
inline constexpr std::array wrong_rules = {
    NamedWrong{"order-by-stamp", Wrong::order_by_stamp},
    NamedWrong{"first-of-equals-wins", Wrong::first_of_equals_wins},
    NamedWrong{"origin-has-it", Wrong::origin_has_it},
    NamedWrong{"source-outlives-restart", Wrong::source_outlives_restart},
    NamedWrong{"believe-the-hello", Wrong::believe_the_hello},
    NamedWrong{"believe-the-claim", Wrong::believe_the_claim},
    NamedWrong{"resume-from-written", Wrong::resume_from_written},
    NamedWrong{"ignore-restart", Wrong::ignore_restart},
    NamedWrong{"resume-without-epoch", Wrong::resume_without_epoch},
    NamedWrong{"sweep-advances", Wrong::sweep_advances},
    NamedWrong{"judge-by-own-clock", Wrong::judge_by_own_clock},
    NamedWrong{"overwrite-if-different", Wrong::overwrite_if_different},
    NamedWrong{"trust-what-is-read", Wrong::trust_what_is_read},
    NamedWrong{"rename-before-sync", Wrong::rename_before_sync},
    NamedWrong{"punch-before-sync", Wrong::punch_before_sync},
    NamedWrong{"forget-what-is-refused", Wrong::forget_what_is_refused},
    NamedWrong{"wait-for-the-disk", Wrong::wait_for_the_disk},
    NamedWrong{"answer-while-loading", Wrong::answer_while_loading},
    NamedWrong{"acknowledged-is-stored", Wrong::acknowledged_is_stored, true},
    NamedWrong{"no-repair", Wrong::no_repair, true},
    NamedWrong{"message-ids", Wrong::message_ids, true},
    NamedWrong{"resume-across-runs", Wrong::resume_across_runs, true},
    NamedWrong{"publish-back", Wrong::publish_back, true},
    NamedWrong{"bucket-has-its-own", Wrong::bucket_has_its_own, true},
    NamedWrong{"last-is-not-asked", Wrong::last_is_not_asked, true},
};

// What the simulation linked with wrong_rules.cpp decides by.
extern Wrong wrong;

}  // namespace herd::table::rules
