#include "herd/http/crowds.hpp"

#include "reactor/sys.hpp"

#include <bit>
#include <cassert>
#include <utility>

namespace herd::http {

std::uint32_t Crowds::heads_for(std::uint32_t slots) {
    return std::bit_ceil(slots);
}

std::uint64_t Crowds::memory(std::uint32_t slots) {
    return slots * sizeof(Link) + heads_for(slots) * sizeof(std::uint32_t);
}

reactor::Result<void> Crowds::map(std::uint32_t slots) {
    auto links = reactor::PageArray<Link>::map(slots);
    if (!links) return std::unexpected(links.error());
    auto heads = reactor::PageArray<std::uint32_t>::map(heads_for(slots));
    if (!heads) return std::unexpected(heads.error());
    links_ = std::move(*links);
    heads_ = std::move(*heads);
    mask_ = heads_for(slots) - 1;
    hash_ = {reactor::sys::random_bits(), reactor::sys::random_bits()};
    return {};
}

std::uint32_t Crowds::tag_of(const reactor::Address& from) const {
    return static_cast<std::uint32_t>(hash_(from.network()));
}

void Crowds::enter(reactor::Handle<Connection> connection, std::uint32_t tag) {
    assert(connection);
    const std::uint32_t slot = connection.index;
    leave(slot);
    std::uint32_t& head = heads_[tag & mask_];
    links_[slot] = {.previous = 0, .next = head, .tag = tag, .generation = connection.generation};
    if (head != 0) links_[head - 1].previous = slot + 1;
    head = slot + 1;
}

void Crowds::leave(std::uint32_t slot) {
    const Link link = std::exchange(links_[slot], Link{});
    if (link.generation == 0) return;
    if (link.next != 0) links_[link.next - 1].previous = link.previous;
    if (link.previous != 0) {
        links_[link.previous - 1].next = link.next;
    } else {
        assert(heads_[link.tag & mask_] == slot + 1);
        heads_[link.tag & mask_] = link.next;
    }
}

}  // namespace herd::http
