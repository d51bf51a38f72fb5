#pragma once

namespace herd::rules {

// Rules that are known to leave tables unequal, and that have been somebody's rules in earnest.
enum class Wrong : unsigned char {
    none,
    first_of_equals_wins,     // equal stamps: what came first stays
    source_outlives_restart,  // what came from X never goes back to X, whichever run of X it is
    resume_from_written,      // what was written counts as received
    resume_without_epoch,     // a change's number counts, whatever run gave it
    overwrite_if_different,   // the prototype's rule: the last to arrive wins
};

// What the simulation linked with wrong_rules.cpp decides by.
extern Wrong wrong;

}  // namespace herd::rules
