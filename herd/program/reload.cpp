#include "herd/program/reload.hpp"

#include "herd/config/changes.hpp"
#include "herd/log.hpp"

#include <utility>

namespace herd::program {

void Reload::run() {
    server_.log().reopen();
    const auto wanted = read_();
    if (!wanted) return refuse(wanted.error());
    const config::Server* const same = (*wanted).find(self_.name);
    if (same == nullptr) return refuse("the file has no server of this name any more");
    const auto changes =
        config::changes(config::state(running_, self_), config::state(*wanted, *same));
    if (!changes.empty() && changes.front().taken == config::Taken::at_start) {
        server_.log()
            .event(Level::error, "reload_refused")
            .field("setting", changes.front().setting)
            .field("running", changes.front().from)
            .field("file", changes.front().to)
            .field("why", "it needs a restart");
        return server_.note_reload(false);
    }
    if (const auto taken = take(*wanted); !taken) return refuse(taken.error());
    for (const config::Change& each : changes) {
        server_.log()
            .event(Level::info, "setting_changed")
            .field("setting", each.setting)
            .field("from", each.from)
            .field("to", each.to);
    }
    server_.log().event(Level::info, "reloaded").field("changes", std::uint64_t{changes.size()});
    server_.note_reload(true);
}

// What can fail comes first, and the certificates last of that, as they are taken when they are
// read. Who is connected stays so.
Outcome<> Reload::take(const config::Config& wanted) {
    std::vector<access::Secret> secrets;
    if (!wanted.access.secret_file.empty()) {
        auto read = server_.read_secrets();
        if (!read) return failure("access", read.error());
        secrets = std::move(*read);
    }
    auto provider = places::Upstream::provider_anew(wanted.places);
    if (!provider) return std::unexpected(provider.error());
    if (!running_.keys.empty()) {
        if (const auto done = sealer_.reload(); !done) {
            server_.log().event(Level::error, "certificates_kept").field("why", done.error());
            return std::unexpected(done.error());
        }
        server_.log().event(Level::info, "certificates_read");
        certificate_.start();
    }
    config::take_live(wanted, running_);
    if (!secrets.empty()) server_.renew(std::move(secrets));
    places_.renew(std::move(*provider), running_.limits);
    server_.on_settings();
    return {};
}

void Reload::refuse(std::string_view why) {
    server_.log().event(Level::error, "reload_refused").field("why", why);
    server_.note_reload(false);
}

}  // namespace herd::program
