#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace herd::bridge {

// SHA-256 by OpenSSL, set up once: a hash allocates nothing.
class Sha256 {
public:
    static constexpr std::size_t size = 32;
    using Hash = std::array<std::uint8_t, size>;

    Sha256() = default;  // None yet.

    // Nothing: OpenSSL has it not, or no memory.
    static std::optional<Sha256> make();
    std::optional<Hash> of(std::string_view bytes);

private:
    struct Free {
        void operator()(void* context) const;
    };

    std::unique_ptr<void, Free> context_;
};

}  // namespace herd::bridge
