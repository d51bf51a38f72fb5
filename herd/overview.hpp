#pragma once

#include "herd/ops/snapshot.hpp"
#include "herd/watch/status.hpp"
#include "herd/wings.hpp"
#include "reactor/time.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace herd {

// What one server says of itself, whoever asks: its wings, and how its own life goes. Owned by the
// Server, beside the wings.
class Overview {
public:
    explicit Overview(Wings& wings) : wings_(wings) {}

    watch::Status status() const;
    // As neighbours and `herd status` are told it. Returns what of `out` that takes.
    std::string_view tell_status(std::span<char> out, watch::Audience audience) const;
    // As /metrics and /status tell it.
    void look(ops::Snapshot& snapshot) const;

    void note_start();
    void note_draining() { draining_ = true; }
    bool draining() const { return draining_; }
    // A SIGHUP was obeyed, or not.
    void note_reload(bool obeyed);
    // Which process this is, for who asks.
    void note_process(int pid) { pid_ = pid; }
    // After settings have changed.
    void state_settings();

private:
    Wings& wings_;
    reactor::Instant started_at_{};
    std::int64_t started_s_ = 0;  // Since 1970.
    std::int64_t reloaded_s_ = 0;
    bool reloaded_ = true;
    bool draining_ = false;
    int pid_ = 0;
    std::string settings_;  // As a Status has them.
};

}  // namespace herd
