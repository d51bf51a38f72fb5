#include "herd/follow/interests.hpp"

#include <bit>
#include <utility>

namespace herd::follow {

namespace {

std::uint32_t heads_of(std::uint32_t subscriptions) {
    return std::bit_ceil(2 * subscriptions);
}

}  // namespace

reactor::Result<void> Interests::map(std::uint32_t subscriptions, std::uint64_t secret) {
    assert(subscriptions > 0);
    auto links = reactor::PageArray<Link>::map(std::size_t{subscriptions} * keys_max);
    if (!links) return std::unexpected(links.error());
    auto heads = reactor::PageArray<std::uint32_t>::map(heads_of(subscriptions));
    if (!heads) return std::unexpected(heads.error());
    auto counts = reactor::PageArray<std::uint8_t>::map(subscriptions);
    if (!counts) return std::unexpected(counts.error());
    links_ = std::move(*links);
    heads_ = std::move(*heads);
    counts_ = std::move(*counts);
    mask_ = heads_of(subscriptions) - 1;
    secret_ = secret;
    return {};
}

std::uint64_t Interests::memory_max(std::uint32_t subscriptions) {
    return std::uint64_t{subscriptions} * (keys_max * sizeof(Link) + 1) +
           std::uint64_t{heads_of(subscriptions)} * sizeof(std::uint32_t);
}

void Interests::add(std::uint32_t subscription, std::uint64_t key) {
    assert(counts_[subscription] < keys_max);
    const std::uint32_t place = subscription * keys_max + counts_[subscription]++;
    const std::uint32_t tag = tag_of(key);
    std::uint32_t& head = heads_[tag & mask_];
    links_[place] = {.tag = tag, .next = head};
    head = place + 1;
}

void Interests::remove(std::uint32_t subscription) {
    for (; counts_[subscription] > 0; --counts_[subscription]) {
        const std::uint32_t place = subscription * keys_max + counts_[subscription] - 1;
        std::uint32_t* next = &heads_[links_[place].tag & mask_];
        while (*next != place + 1) {
            assert(*next != 0);
            next = &links_[*next - 1].next;
        }
        *next = links_[place].next;
    }
}

void Interests::check() const {
    std::uint64_t linked = 0;
    for (std::uint32_t place = 0; place <= mask_; ++place) {
        for (std::uint32_t next = heads_[place]; next != 0; next = links_[next - 1].next) {
            assert((links_[next - 1].tag & mask_) == place);
            assert((next - 1) % keys_max < counts_[(next - 1) / keys_max]);
            ++linked;
        }
    }
    for (std::size_t i = 0; i < counts_.size(); ++i) linked -= counts_[i];
    assert(linked == 0);
}

}  // namespace herd::follow
