#include "herd/overview.hpp"

#include "herd/config/changes.hpp"
#include "reactor/sys.hpp"

namespace herd {

watch::Status Overview::status() const {
    watch::Status status{.up = wings_.core.loop.now() - started_at_,
                         .draining = draining_,
                         .reload_refused = !reloaded_,
                         .pid = pid_,
                         .settings = settings_};
    wings_.describe(status);
    return status;
}

std::string_view Overview::tell_status(std::span<char> out, watch::Audience audience) const {
    return format_status(out, status(), audience);
}

void Overview::look(ops::Snapshot& snapshot) const {
    snapshot = {.status = status(),
                .version = HERD_VERSION,
                .started_s = started_s_,
                .limits = &wings_.core.limits,
                .wire = wings_.wire.counters(),
                .blocks = wings_.wire.blocks().in_use(),
                .journal_loaded = wings_.journal.loaded(),
                .journal_bytes = wings_.journal.size(),
                .journal_unsynced = wings_.journal.unsynced(),
                .places = wings_.places.tally(),
                .iterations = &wings_.core.loop.iterations(),
                .syncs = &wings_.journal.sync_times(),
                .process = reactor::sys::process(),
                .reloaded = reloaded_,
                .reloaded_s = reloaded_s_};
}

void Overview::note_start() {
    started_at_ = wings_.core.loop.now();
    started_s_ = reloaded_s_ = reactor::sys::wall_s();
}

void Overview::note_reload(bool obeyed) {
    reloaded_ = obeyed;
    ++(obeyed ? wings_.counters.reloads : wings_.counters.reloads_refused);
    if (obeyed) reloaded_s_ = reactor::sys::wall_s();
}

void Overview::state_settings() {
    settings_ = watch::settings_json(config::brief(config::state(wings_.config, wings_.self)));
}

}  // namespace herd
