#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace protocol::nats {

// The headers of a message: `NATS/1.0`, perhaps with a status and what it means, and then a line
// for each. No broker looks at them, so they are what somebody wrote who may publish.
// Views them, and dies with them.
class Headers {
public:
    // Nothing: it is no block of headers.
    static std::optional<Headers> parse(std::string_view block);

    // Of the broker itself, such as 503, nobody is there to answer; 0: none.
    std::uint32_t status() const { return status_; }
    std::string_view description() const { return description_; }
    // The first of that name, whose letters are large or small as given here. Nothing: none.
    std::optional<std::string_view> find(std::string_view name) const;

private:
    std::uint32_t status_ = 0;
    std::string_view description_;
    std::string_view lines_;
};

}  // namespace protocol::nats
