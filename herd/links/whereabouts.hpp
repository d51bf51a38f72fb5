#pragma once

#include "herd/config/config.hpp"
#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/resolver.hpp"
#include "reactor/result.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace herd::links {

// Where a neighbour is dialled: at the address of the configuration, or where the name leads that
// stands there in its place. A name is looked up anew at each dial, for the next one; where it
// leads now holds until it leads elsewhere, also while it cannot be looked up. Of several addresses
// each has its turn. Owned by the neighbour's link, as long as the resolver lives.
class Whereabouts {
public:
    // What is heard of the name; where it leads elsewhere, dialling again is of use.
    struct News {
        reactor::Delegate<void(const reactor::Address& now)> moved;
        // Why not; once until there is something new.
        reactor::Delegate<void(reactor::Errno why)> unknown;
    };

    Whereabouts(reactor::Resolver& resolver, const config::Server& other, const News& news);

    // Whom to dial; with port 0 nobody, as that is not known yet.
    reactor::Address next();
    // There is no name any more.
    void fix(const reactor::Address& address);
    // Whether the neighbour's host has that address.
    bool is_at(const reactor::Address& from) const;

private:
    void on_found(std::span<const reactor::Address> found, reactor::Errno why);
    std::span<const reactor::Address> known() const { return std::span(known_).first(count_); }

    reactor::Resolver& resolver_;
    News news_;
    bool named_;
    reactor::Resolver::Inquiry inquiry_;
    std::array<reactor::Address, reactor::Resolver::addresses_max> known_{};
    std::size_t count_ = 0;
    std::size_t turn_ = 0;
    reactor::Errno told_{};  // why it is unknown
};

}  // namespace herd::links
