#include "herd/geo/key_tree.hpp"

#include "herd/geo/prefetch.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace herd::geo {

namespace {

// Copies entries, within a page or from one to another; their old places are the caller's.
template <class Page>
void copy_entries(
    const Page& from, std::uint32_t first, std::uint32_t count, Page& to, std::uint32_t at) {
    assert(first + count <= from.keys.size());
    assert(at + count <= to.keys.size());
    std::memmove(&to.keys.data()[at], &from.keys.data()[first], count * sizeof(to.keys[0]));
    if constexpr (requires { to.children; }) {
        std::memmove(
            &to.children.data()[at], &from.children.data()[first], count * sizeof(to.children[0]));
    }
}

template <class Page>
void open_gap(Page& page, std::uint32_t place) {
    copy_entries(page, place, page.count - place, page, place + 1);
    ++page.count;
}

// Puts an end behind the first `count` entries.
template <class Page>
void cut(Page& page, std::uint32_t count) {
    std::fill(page.keys.begin() + count, page.keys.begin() + page.count, UINT64_MAX);
    page.count = count;
}

template <class Page>
void close_gap(Page& page, std::uint32_t place) {
    copy_entries(page, place + 1, page.count - place - 1, page, place);
    page.keys[--page.count] = UINT64_MAX;
}

// Moves entries so that both have half of them.
template <class Page>
void balance(Page& left, Page& right) {
    const std::uint32_t all = left.count + right.count;
    const std::uint32_t wanted = all / 2;
    if (left.count > wanted) {
        const std::uint32_t moved = left.count - wanted;
        copy_entries(right, 0, right.count, right, moved);
        copy_entries(left, wanted, moved, right, 0);
        right.count += moved;
        cut(left, wanted);
    } else {
        const std::uint32_t moved = wanted - left.count;
        copy_entries(right, 0, moved, left, left.count);
        copy_entries(right, moved, right.count - moved, right, 0);
        left.count = wanted;
        cut(right, all - wanted);
    }
}

}  // namespace

template <class Page>
std::uint32_t KeyTree::Pool<Page>::take() {
    std::uint32_t page = free;
    if (page == no_page) {
        page = fresh++;
    } else {
        free = pages[page].link();
    }
    assert(page < pages.size());
    pages[page].keys.fill(none);
    pages[page].count = 0;
    ++used;
    return page;
}

template <class Page>
void KeyTree::Pool<Page>::give_back(std::uint32_t page) {
    assert(used > 0);
    pages[page].keys.fill(none);  // Somebody may still take it for the page of one of them.
    pages[page].link() = free;
    free = page;
    --used;
}

std::uint32_t KeyTree::leaves_max(std::uint32_t keys) {
    return keys / least + 2;
}

// Each level has at most a part of the one below it, and the root.
std::uint32_t KeyTree::branches_max(std::uint32_t keys) {
    return leaves_max(keys) / (least - 1) + height_max;
}

std::uint64_t KeyTree::size_max(std::uint32_t keys) {
    return std::uint64_t{leaves_max(keys)} * sizeof(Leaf) +
           std::uint64_t{branches_max(keys)} * sizeof(Branch);
}

reactor::Result<void> KeyTree::open(std::uint32_t keys) {
    assert(keys > 0);
    assert(leaves_.pages.size() == 0);
    auto leaves = reactor::PageArray<Leaf>::map(leaves_max(keys));
    if (!leaves) return std::unexpected(leaves.error());
    auto branches = reactor::PageArray<Branch>::map(branches_max(keys));
    if (!branches) return std::unexpected(branches.error());
    leaves_.pages = std::move(*leaves);
    branches_.pages = std::move(*branches);
    // Only a small herd's few would waste a large page.
    leaves_.pages.pages().enlarge(reactor::Pages::large_page);
    root_ = leaves_.take();
    leaves_[root_].next = no_page;
    return {};
}

std::uint32_t KeyTree::leaf_of(std::uint64_t key) const {
    if (height_ == 0) return root_;
    const Branch* branch = &branches_[root_];
    for (std::uint32_t height = height_; height > 1; --height) {
        branch = &branches_[branch->children[place_of(*branch, key)]];
        // Its lines at once, not one after the other.
        prefetch(*branch);
    }
    return branch->children[place_of(*branch, key)];
}

std::uint32_t KeyTree::leaf_of(std::uint64_t key, Way& way) const {
    std::uint32_t page = root_;
    for (std::uint32_t height = height_; height > 0; --height) {
        const Branch& branch = branches_[page];
        const std::uint32_t place = place_of(branch, key);
        way[height] = {page, place};
        page = branch.children[place];
    }
    return page;
}

void KeyTree::insert(std::uint64_t key) {
    while (true) {
        Way way;
        Leaf& leaf = leaves_[leaf_of(key, way)];
        if (leaf.count == most) {
            make_room(leaves_, way, 1);
            continue;
        }
        const std::uint32_t place = less_than(leaf.keys, key);
        assert(place == leaf.count || leaf.keys[place] != key);
        open_gap(leaf, place);
        leaf.keys[place] = key;
        ++size_;
        return;
    }
}

void KeyTree::erase(std::uint64_t key) {
    Way way;
    Leaf& leaf = leaves_[leaf_of(key, way)];
    const std::uint32_t place = less_than(leaf.keys, key);
    assert(leaf.keys[place] == key);
    close_gap(leaf, place);
    --size_;
    if (leaf.count < least) refill(leaves_, way, 1);
}

bool KeyTree::is_in(std::uint32_t page, std::uint64_t key) const {
    if (page >= leaves_.fresh) return false;
    const Keys& keys = leaves_[page].keys;
    const std::uint32_t place = less_than(keys, key);
    return place < most && keys[place] == key;
}

void KeyTree::replace(const Move& move) {
    const auto [old, key, page] = move;
    Leaf& leaf = leaves_[is_in(page, old) ? page : leaf_of(old)];
    const std::uint32_t from = less_than(leaf.keys, old);
    const std::uint32_t to = less_than(leaf.keys, key);
    // At an end of the page, others may have their place there.
    if (to == 0 || to == leaf.count) {
        erase(old);
        return insert(key);
    }
    assert(leaf.keys[from] == old);
    if (to > from) {
        copy_entries(leaf, from + 1, to - from - 1, leaf, from);
        leaf.keys[to - 1] = key;
    } else {
        copy_entries(leaf, to, from - to, leaf, to + 1);
        leaf.keys[to] = key;
    }
}

// Of the page that was come to last, whose parent is at that height: it is full. Makes one step,
// after which another way leads there.
template <class Page>
void KeyTree::make_room(Pool<Page>& pool, const Way& way, std::uint32_t height) {
    if (height > height_) return make_root_above();
    const Step& above = way[height];
    Branch& parent = branches_[above.branch];
    if (above.place > 0 && share(pool, parent, above.place - 1)) return;
    if (above.place + 1 < parent.count && share(pool, parent, above.place)) return;
    if (parent.count == most) return make_room(branches_, way, height + 1);
    split(pool, parent, above.place);
}

void KeyTree::make_root_above() {
    assert(height_ < height_max);
    const std::uint32_t above = branches_.take();
    Branch& branch = branches_[above];
    branch.keys[0] = 0;
    branch.children[0] = root_;
    branch.count = 1;
    root_ = above;
    ++height_;
}

// Between two children, unless both are nearly full: then neither gains much.
template <class Page>
bool KeyTree::share(Pool<Page>& pool, Branch& parent, std::uint32_t left) {
    constexpr std::uint32_t gain_min = most / 8;
    Page& one = pool[parent.children[left]];
    Page& other = pool[parent.children[left + 1]];
    if (one.count + other.count + gain_min > 2 * most) return false;
    balance(one, other);
    parent.keys[left + 1] = other.keys[0];
    return true;
}

template <class Page>
void KeyTree::split(Pool<Page>& pool, Branch& parent, std::uint32_t place) {
    assert(parent.count < most);
    const std::uint32_t upper = pool.take();
    Page& lower_page = pool[parent.children[place]];
    Page& upper_page = pool[upper];
    balance(lower_page, upper_page);
    if constexpr (requires { upper_page.next; }) {
        upper_page.next = std::exchange(lower_page.next, upper);
    }
    open_gap(parent, place + 1);
    parent.keys[place + 1] = upper_page.keys[0];
    parent.children[place + 1] = upper;
}

// Of the page that was come to last: it has become too empty.
template <class Page>
void KeyTree::refill(Pool<Page>& pool, const Way& way, std::uint32_t height) {
    if (height > height_) {
        if (height_ == 0 || branches_[root_].count > 1) return;
        const std::uint32_t old = std::exchange(root_, branches_[root_].children[0]);
        branches_.give_back(old);
        --height_;
        return;
    }
    Branch& parent = branches_[way[height].branch];
    assert(parent.count > 1);
    const std::uint32_t left = way[height].place > 0 ? way[height].place - 1 : 0;
    const std::uint32_t right = parent.children[left + 1];
    Page& left_page = pool[parent.children[left]];
    Page& right_page = pool[right];
    if (left_page.count + right_page.count > 2 * least) {
        balance(left_page, right_page);
        parent.keys[left + 1] = right_page.keys[0];
        return;
    }
    copy_entries(right_page, 0, right_page.count, left_page, left_page.count);
    left_page.count += right_page.count;
    if constexpr (requires { left_page.next; }) left_page.next = right_page.next;
    pool.give_back(right);
    close_gap(parent, left + 1);
    if (parent.count < least) refill(branches_, way, height + 1);
}

std::size_t KeyTree::copy(Where page,
                          std::uint64_t from,
                          std::uint64_t end,
                          std::span<std::uint64_t> out) const {
    const Leaf* leaf = &leaves_[page];
    std::uint32_t place = less_than(leaf->keys, from);
    std::size_t size = 0;
    while (true) {
        const std::uint32_t stop = less_than(leaf->keys, end);
        const auto count = std::min<std::size_t>(stop - place, out.size() - size);
        std::copy_n(
            leaf->keys.begin() + place, count, out.begin() + static_cast<std::ptrdiff_t>(size));
        size += count;
        if (stop < leaf->count || leaf->next == no_page || size == out.size()) return size;
        leaf = &leaves_[leaf->next];
        prefetch(*leaf);
        place = 0;
    }
}

std::uint64_t KeyTree::spacing(std::uint64_t key, std::uint32_t count) const {
    assert(count > 0);
    const Leaf& leaf = leaves_[find(key)];
    const std::uint32_t place = less_than(leaf.keys, key);
    std::uint64_t nearest = UINT64_MAX;
    if (place + count <= leaf.count) nearest = leaf.keys[place + count - 1] - key;
    if (place >= count) nearest = std::min(nearest, key - leaf.keys[place - count]);
    return nearest;
}

void KeyTree::check() const {
    assert(leaves_.used + branches_.used <= leaves_.fresh + branches_.fresh);
    assert(check_page(root_, height_, 0, UINT64_MAX) == size_);
    std::uint32_t found = 0;
    std::uint32_t keys = 0;
    std::uint64_t before = 0;
    for (std::uint32_t page = leaf_of(0); page != no_page; page = leaves_[page].next) {
        const Leaf& leaf = leaves_[page];
        for (std::uint32_t i = 0; i < leaf.count; ++i, ++keys) {
            assert(keys == 0 || leaf.keys[i] > before);
            before = leaf.keys[i];
        }
        ++found;
    }
    assert(keys == size_);
    assert(found == leaves_.used);
    for (std::uint32_t page = leaves_.free; page != no_page; page = leaves_[page].next) ++found;
    assert(found == leaves_.fresh);
}

// How many keys are below this page.
std::uint32_t KeyTree::check_page(std::uint32_t page,
                                  std::uint32_t height,
                                  std::uint64_t from,
                                  std::uint64_t end) const {
    const bool is_root = page == root_ && height == height_;
    if (height == 0) {
        const Leaf& leaf = leaves_[page];
        assert(is_root || leaf.count >= least);
        assert(leaf.count <= most);
        assert(leaf.count == 0 || leaf.keys[0] >= from);
        assert(leaf.count == 0 || leaf.keys[leaf.count - 1] < end);
        return leaf.count;
    }
    const Branch& branch = branches_[page];
    assert(branch.count >= (is_root ? 2 : least));
    assert(branch.count <= most);
    assert(branch.keys[0] == from);
    std::uint32_t keys = 0;
    for (std::uint32_t i = 0; i < branch.count; ++i) {
        const std::uint64_t next = i + 1 < branch.count ? branch.keys[i + 1] : end;
        assert(branch.keys[i] < next);
        keys += check_page(branch.children[i], height - 1, branch.keys[i], next);
    }
    return keys;
}

}  // namespace herd::geo
