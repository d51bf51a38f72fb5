#include "herd/links/whereabouts.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::links {

Whereabouts::Whereabouts(reactor::Resolver& resolver, const config::Server& other, const News& news)
    : resolver_(resolver),
      news_(news),
      named_(!other.peers_name.empty()),
      inquiry_(other.peers_name,
               other.peers.port,
               reactor::Resolver::Told::to<&Whereabouts::on_found>(*this)) {
    if (!named_) fix(other.peers);
}

void Whereabouts::fix(const reactor::Address& address) {
    named_ = false;
    known_[0] = address;
    count_ = 1;
    turn_ = 0;
}

reactor::Address Whereabouts::next() {
    if (named_) resolver_.ask(inquiry_);
    if (count_ == 0) return {};
    assert(turn_ < count_);
    return known_[std::exchange(turn_, (turn_ + 1) % count_)];
}

bool Whereabouts::is_at(const reactor::Address& from) const {
    return std::ranges::any_of(known(), [&](const reactor::Address& each) {
        return each.v6 == from.v6 && each.bytes == from.bytes;
    });
}

void Whereabouts::on_found(std::span<const reactor::Address> found, reactor::Errno why) {
    if (!named_) return;
    if (found.empty()) {
        if (std::exchange(told_, why) != why) news_.unknown(why);
        return;
    }
    told_ = {};
    // Name servers mix the order up, each time.
    if (std::ranges::is_permutation(found, known())) return;
    std::ranges::copy(found, known_.begin());
    count_ = found.size();
    turn_ = 0;
    news_.moved(known_[0]);
}

}  // namespace herd::links
