#pragma once

#include "bench/target.hpp"
#include "reactor/address.hpp"
#include "tests/live/herd_process.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace live {

// A herd whose every server has one more neighbour, in which this program sees what the server has
// in its table (bench::Watchers), and the herd as a target of herd-bench's parts.
class WatchedHerd {
public:
    explicit WatchedHerd(HerdSetup setup = {})
        : names_(watched(setup)), links_(setup.links), herd_(with_observers(std::move(setup))) {
        target_.system = "herd";
        for (const auto& name : names_) {
            target_.servers.push_back(
                {name,
                 reactor::Address::loopback(herd_.port(name)),
                 reactor::Address::loopback(herd_.peer_port(name + "-observer")),
                 false,
                 {herd_.server(name).pid()}});
        }
        for (const auto& [one, other] : links_) {
            if (!herd_.is_ours(one) || !herd_.is_ours(other)) continue;
            target_.links.emplace_back(target_.find(one), target_.find(other));
        }
    }

    Herd& herd() { return herd_; }
    const Herd& herd() const { return herd_; }
    // The servers, without their observers; numbered as in the target.
    const Names& names() const { return names_; }
    const bench::Target& target() const { return target_; }

private:
    static Names watched(const HerdSetup& setup) {
        Names names = setup.names;
        std::erase_if(names, [&](const std::string& name) {
            return std::ranges::find(setup.played, name) != setup.played.end();
        });
        return names;
    }
    static HerdSetup with_observers(HerdSetup setup) {
        for (const auto& name : watched(setup)) {
            const std::string observer = name + "-observer";
            setup.names.push_back(observer);
            setup.played.push_back(observer);
            setup.links.emplace_back(name, observer);
        }
        return setup;
    }

    Names names_;
    Links links_;
    Herd herd_;
    bench::Target target_;
};

}  // namespace live
