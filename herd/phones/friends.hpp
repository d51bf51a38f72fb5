#pragma once

#include "herd/access/grant.hpp"
#include "herd/core.hpp"
#include "protocol/text_writer.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::phones {

// What an OwnTracks app is told in the answer to its report: where the others are that its token is
// for, where that has the right `friends`. These are the others of its family (table::Families), so
// nobody but these is looked at, however many clients there are: a token for "ada/*" has friends,
// and for "ada/b*"; one for "bus-*", for "*" or for one client has none.
//
// The newest `told_max` of the first `looked_at_max`, as far as `size_max` bytes hold them; what is
// left out is counted. Owned by Phones.
class Friends {
public:
    static constexpr std::size_t looked_at_max = 256;
    static constexpr std::size_t told_max = 64;
    static constexpr std::size_t size_max = std::size_t{16} << 10;

    explicit Friends(Core& core) : core_(core) {}

    // The body of the answer to who has reported as the client `own`: a JSON array, in order as a
    // whole, as one bad element of it would cost the app all others. Until the next call.
    std::string_view tell(const access::Grant& grant, std::string_view own);

private:
    struct Found {
        std::int64_t effective_ns;
        std::uint32_t slot;
    };

    std::span<Found> look(const access::Grant& grant, std::string_view own);
    // False: there is no room.
    bool put(protocol::TextWriter& out, std::string_view stem, std::uint32_t slot) const;

    Core& core_;
    bool cut_ = false;  // Somebody is left out.
    std::array<std::uint64_t, looked_at_max> slots_{};
    std::array<Found, looked_at_max> found_{};
    std::array<char, size_max> body_{};
};

}  // namespace herd::phones
