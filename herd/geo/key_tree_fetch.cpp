#include "herd/geo/key_tree.hpp"
#include "herd/geo/prefetch.hpp"

#include <array>
#include <cassert>

// How pages are found before they are needed.
namespace herd::geo {

void KeyTree::descend(std::span<Descent> all) const {
    for (std::uint32_t height = height_; height > 0; --height) {
        for (Descent& each : all) {
            const Branch& branch = branches_[each.page];
            const std::uint32_t place = place_of(branch, each.key);
            each.begin = branch.keys[place];
            if (place + 1 < branch.count) each.end = branch.keys[place + 1];
            each.page = branch.children[place];
            if (height > 1) {
                prefetch(branches_[each.page]);
            } else {
                prefetch(leaves_[each.page]);
            }
        }
    }
}

void KeyTree::fetch(std::span<Move> moves) const {
    assert(moves.size() <= moves_max);
    std::array<Descent, moves_max> ways;
    const auto start = [this](std::uint64_t key) {
        return Descent{.key = key, .begin = 0, .end = none, .page = root_};
    };
    for (std::size_t i = 0; i < moves.size(); ++i) {
        const auto& [old, key, page] = moves[i];
        ways[i] = start(old == none ? key : old);
    }
    descend(std::span(ways).first(moves.size()));
    std::size_t elsewhere = 0;
    for (std::size_t i = 0; i < moves.size(); ++i) {
        const auto [key, begin, end, page] = ways[i];
        moves[i].page = page;
        if (moves[i].key < begin || moves[i].key >= end) ways[elsewhere++] = start(moves[i].key);
    }
    descend(std::span(ways).first(elsewhere));
}

KeyTree::Where KeyTree::find(std::uint64_t key) const {
    const Where page = leaf_of(key);
    prefetch(leaves_[page]);
    return page;
}

KeyTree::Where KeyTree::find(std::uint64_t key, std::uint64_t& end) const {
    std::uint32_t page = root_;
    end = none;
    for (std::uint32_t height = height_; height > 0; --height) {
        const Branch& branch = branches_[page];
        const std::uint32_t place = place_of(branch, key);
        if (place + 1 < branch.count) end = branch.keys[place + 1];
        page = branch.children[place];
        if (height > 1) prefetch(branches_[page]);
    }
    prefetch(leaves_[page]);
    return page;
}

}  // namespace herd::geo
