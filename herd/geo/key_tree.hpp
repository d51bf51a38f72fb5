#pragma once

#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace herd::geo {

// A sorted set of 64-bit keys: a B+ tree. Whatever the keys are, and in whatever order they come
// and go, each page but the root is nearly half full at least: so no choice of keys takes more than
// so much memory, or makes any step cost more than the height of the tree. Mapped once, for as many
// keys as it may hold; pages are used in their order. Nothing here allocates.
class KeyTree {
public:
    // Once, first. Fails with what the system says (ENOMEM).
    reactor::Result<void> open(std::uint32_t keys);
    // Bytes that open() maps for so many keys.
    static std::uint64_t size_max(std::uint32_t keys);

    // The greatest number that there is. No key.
    static constexpr std::uint64_t none = UINT64_MAX;
    // A key that is not in it; and one that is in it.
    void insert(std::uint64_t key);
    void erase(std::uint64_t key);
    // These, in ascending order, instead of all that it has.
    void assign(std::span<const std::uint64_t> keys);
    // A page. Until the tree changes.
    using Where = std::uint32_t;
    // Both at once; cheaper where the two are neighbours, and much cheaper after fetch().
    struct Move {
        std::uint64_t old;  // For fetch(), `none` if the key is to be inserted.
        std::uint64_t key;
        Where page;  // Where fetch() has seen the old one: a guess, and any will do.
    };
    void replace(const Move& move);
    // Looks for the pages of moves, at most moves_max, a level at a time for all of them, so that
    // no page is waited for; what replace() and insert() will need is on its way then.
    static constexpr std::size_t moves_max = 32;
    void fetch(std::span<Move> moves) const;

    // The page where a key is, or would be, which is asked of memory and not waited for.
    Where find(std::uint64_t key) const;
    // The same; `end` becomes the first key that has, or would have, another page behind it.
    Where find(std::uint64_t key, std::uint64_t& end) const;
    // The first keys from `from` on that are below `end`, as many as `out` holds, in their order;
    // how many that are. `page` is that of `from`.
    std::size_t copy(Where page,
                     std::uint64_t from,
                     std::uint64_t end,
                     std::span<std::uint64_t> out) const;
    std::size_t copy(std::uint64_t from, std::uint64_t end, std::span<std::uint64_t> out) const {
        return copy(find(from), from, end, out);
    }
    // A guess at how far from `key` others are: how far up or down, whichever is less, the
    // `count`-th one is. Of that one page alone: where it has too few on both sides, UINT64_MAX.
    std::uint64_t spacing(std::uint64_t key, std::uint32_t count) const;

    std::uint32_t size() const { return size_; }

    // Asserts that keys ascend, that pages are as full as they must be, and that all are in use or
    // free. O(n), for tests.
    void check() const;

private:
    static constexpr std::uint32_t no_page = UINT32_MAX;
    static constexpr std::uint32_t height_max = 16;
    // Of a page: one less than a power of two, so that a search halves it without a rest.
    static constexpr std::uint32_t most = 31;
    static constexpr std::uint32_t least = 14;
    static_assert(2 * least <= most);
    // Of a page of many that are made at once: so there is room for what comes.
    static constexpr std::uint32_t usual = 24;
    static_assert(usual <= most && most + 1 > usual && (most + 1) / 2 >= least);

    // In both, what is behind the last of the keys is `none`.
    using Keys = std::array<std::uint64_t, most>;

    struct alignas(64) Leaf {
        Keys keys;
        std::uint32_t count;
        std::uint32_t next;  // the leaf behind it, or no_page

        std::uint32_t& link() { return next; }  // of free pages
    };
    static_assert(sizeof(Leaf) == 256);

    // Child i has the keys from keys[i] up to keys[i + 1].
    struct alignas(64) Branch {
        Keys keys;
        std::array<std::uint32_t, most> children;
        std::uint32_t count;

        std::uint32_t& link() { return children[0]; }
    };
    static_assert(sizeof(Branch) == 384);

    // Pages of one kind.
    template <class Page>
    struct Pool {
        std::uint32_t take();
        void give_back(std::uint32_t page);
        void clear() { fresh = used = 0, free = no_page; }
        Page& operator[](std::uint32_t page) { return pages[page]; }
        const Page& operator[](std::uint32_t page) const { return pages[page]; }

        reactor::PageArray<Page> pages;
        std::uint32_t fresh = 0;  // Pages from here on were never used.
        std::uint32_t free = no_page;
        std::uint32_t used = 0;
    };

    // Pages side by side.
    struct Row {
        std::uint32_t first;
        std::uint32_t count;

        std::uint32_t end() const { return first + count; }
    };

    // Where one came by on the way down: which branch, and which child of it.
    struct Step {
        std::uint32_t branch;
        std::uint32_t place;
    };
    // By height above the leaves, from 1 on.
    using Way = std::array<Step, height_max + 1>;

    // How many keys of a page are less than this one.
    static std::uint32_t less_than(const Keys& keys, std::uint64_t key) {
        return below(keys, [key](std::uint64_t each) { return each < key; });
    }
    // The last place of a branch with at most this key.
    static std::uint32_t place_of(const Branch& branch, std::uint64_t key) {
        return below(branch.keys, [key](std::uint64_t each) { return each <= key; }) - 1;
    }
    template <class Holds>
    static std::uint32_t below(const Keys& keys, Holds holds) {
        // Without branches, as nobody can guess them, and without a check at each of its steps.
        const std::uint64_t* at = keys.data();
        const auto step = [&](std::size_t size) { at += size * std::size_t{holds(at[size - 1])}; };
        step(16);
        step(8);
        step(4);
        step(2);
        step(1);
        return static_cast<std::uint32_t>(at - keys.data());
    }
    static_assert(most == 16 + 8 + 4 + 2 + 1);

    // A key on its way down: its page, and from which key on to which this one has all.
    struct Descent {
        std::uint64_t key;
        std::uint64_t begin;
        std::uint64_t end;
        Where page;
    };

    static std::uint32_t leaves_max(std::uint32_t keys);
    static std::uint32_t branches_max(std::uint32_t keys);

    std::uint32_t leaf_of(std::uint64_t key) const;
    std::uint32_t leaf_of(std::uint64_t key, Way& way) const;
    void descend(std::span<Descent> all) const;
    bool is_in(std::uint32_t page, std::uint64_t key) const;
    template <class Page>
    void make_room(Pool<Page>& pool, const Way& way, std::uint32_t height);
    template <class Page>
    static bool share(Pool<Page>& pool, Branch& parent, std::uint32_t left);
    template <class Page>
    static void split(Pool<Page>& pool, Branch& parent, std::uint32_t place);
    template <class Page>
    void refill(Pool<Page>& pool, const Way& way, std::uint32_t height);
    void make_root_above();
    template <class Page>
    static Row take_row(Pool<Page>& pool, std::uint32_t entries);
    Row put_leaves(std::span<const std::uint64_t> keys);
    template <class Page>
    Row put_branches(const Pool<Page>& pool, const Row& below);
    std::uint32_t check_page(std::uint32_t page,
                             std::uint32_t height,
                             std::uint64_t from,
                             std::uint64_t end) const;

    Pool<Leaf> leaves_;
    Pool<Branch> branches_;
    std::uint32_t root_ = 0;
    std::uint32_t height_ = 0;  // of the root above the leaves
    std::uint32_t size_ = 0;
};

}  // namespace herd::geo
