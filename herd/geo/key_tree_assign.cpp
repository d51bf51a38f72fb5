#include "herd/geo/key_tree.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <functional>

// How a tree is made of keys that are all known.
namespace herd::geo {

// New pages side by side, for so many entries, each as full as the others.
template <class Page>
KeyTree::Row KeyTree::take_row(Pool<Page>& pool, std::uint32_t entries) {
    const std::uint32_t count = entries <= most ? 1 : (entries + usual - 1) / usual;
    const Row row{.first = pool.fresh, .count = count};
    pool.fresh += count;
    pool.used += count;
    assert(pool.fresh <= pool.pages.size());
    const auto before = [&](std::uint32_t page) {
        return static_cast<std::uint32_t>(std::uint64_t{entries} * page / count);
    };
    for (std::uint32_t i = 0; i < count; ++i) {
        Page& page = pool[row.first + i];
        page.keys.fill(none);
        page.count = before(i + 1) - before(i);
    }
    return row;
}

KeyTree::Row KeyTree::put_leaves(std::span<const std::uint64_t> keys) {
    const Row row = take_row(leaves_, static_cast<std::uint32_t>(keys.size()));
    for (std::uint32_t page = row.first; page < row.end(); ++page) {
        Leaf& leaf = leaves_[page];
        std::ranges::copy(keys.first(leaf.count), leaf.keys.begin());
        keys = keys.subspan(leaf.count);
        leaf.next = page + 1 < row.end() ? page + 1 : no_page;
    }
    assert(keys.empty());
    return row;
}

template <class Page>
KeyTree::Row KeyTree::put_branches(const Pool<Page>& pool, const Row& below) {
    const Row row = take_row(branches_, below.count);
    std::uint32_t child = below.first;
    for (std::uint32_t page = row.first; page < row.end(); ++page) {
        Branch& branch = branches_[page];
        for (std::uint32_t place = 0; place < branch.count; ++place, ++child) {
            branch.keys[place] = child == below.first ? 0 : pool[child].keys[0];
            branch.children[place] = child;
        }
    }
    assert(child == below.end());
    return row;
}

void KeyTree::assign(std::span<const std::uint64_t> keys) {
    assert(std::ranges::adjacent_find(keys, std::ranges::greater_equal{}) == keys.end());
    assert(keys.empty() || keys.back() != none);
    leaves_.clear();
    branches_.clear();
    size_ = static_cast<std::uint32_t>(keys.size());
    height_ = 0;
    Row row = put_leaves(keys);
    for (; row.count > 1; ++height_) {
        row = height_ == 0 ? put_branches(leaves_, row) : put_branches(branches_, row);
    }
    assert(height_ <= height_max);
    root_ = row.first;
}

}  // namespace herd::geo
