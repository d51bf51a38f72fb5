#pragma once

#include "herd/sip_hash.hpp"
#include "reactor/address.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"

#include <cstddef>
#include <cstdint>

namespace herd::http {

class Connection;

// Which of a server's connections come from one network: lists, found by a keyed hash of the
// network, of which each connection has 32 bits. So it costs what a network's own connections do to
// go through them, however many others there are. Owned by the Server. Mapped once; nothing here
// allocates.
class Crowds {
public:
    // Once, before all but on(). Fails with ENOMEM.
    reactor::Result<void> map(std::uint32_t slots);
    // Bytes that map() maps.
    static std::uint64_t memory(std::uint32_t slots);
    bool on() const { return links_.size() > 0; }

    // What stands for an address's network.
    std::uint32_t tag_of(const reactor::Address& from) const;
    // It is of that network; one that had its slot before is not any more.
    void enter(reactor::Handle<Connection> connection, std::uint32_t tag);
    // Nothing, if none of that slot is there.
    void leave(std::uint32_t slot);

    // Calls visit(handle) for each of a network, also for those that have gone without leave().
    // Nobody may enter or leave meanwhile.
    template <class Visit>
    void visit(std::uint32_t tag, Visit visit) const {
        for (std::uint32_t next = heads_[tag & mask_]; next != 0; next = links_[next - 1].next) {
            const Link& link = links_[next - 1];
            if (link.tag == tag) visit(reactor::Handle<Connection>{next - 1, link.generation});
        }
    }

private:
    // Slots are one more than they are; 0 is none.
    struct Link {
        std::uint32_t previous, next;
        std::uint32_t tag;
        std::uint32_t generation;  // of the handle; 0: it is in no list
    };

    static std::uint32_t heads_for(std::uint32_t slots);

    reactor::PageArray<Link> links_;
    reactor::PageArray<std::uint32_t> heads_;
    std::uint32_t mask_ = 0;
    SipHash hash_;
};

}  // namespace herd::http
