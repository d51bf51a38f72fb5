#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herd::offline {

// What is done to an answer on purpose, so that clients can show how they cope.
enum class Fault : std::uint8_t {
    none,
    http_500,    // "500": HTTP 500, in the service's own shape; likewise the next two
    http_503,    // "503"
    http_429,    // "429": with a Retry-After
    html,        // HTTP 200, but a page for people, as a captive portal sends it
    cut,         // half the body that was announced, then the end
    reset,       // the connection is reset, nothing is answered
    hang,        // nothing is answered, ever
    drip,        // a byte every 20 ms
    huge,        // 2 MB
    bad_json,    // "bad-json": half the body, but announced so
    deny,        // the service says that the key is no good
    over_limit,  // "over-limit": the service says that its quota is used up
};
inline constexpr std::size_t fault_count = 13;

std::string_view to_text(Fault fault);
// By the names above; "none" too.
std::optional<Fault> parse_fault(std::string_view name);

// How many requests of a hundred get a fault.
struct FaultShare {
    double percent = 0;
    Fault fault = Fault::none;
};
// "10:hang" or "hang:10".
std::optional<FaultShare> parse_fault_share(std::string_view text);
// Several, with commas between them, of at most 100 percent together; "none" for none.
std::optional<std::vector<FaultShare>> parse_fault_shares(std::string_view text);

// Both ends belong to it. At most delay_ms_max.
struct DelayRange {
    std::uint32_t min_ms = 0;
    std::uint32_t max_ms = 0;
};
inline constexpr std::uint32_t delay_ms_max = 60'000;
// "20" or "5..20".
std::optional<DelayRange> parse_delay(std::string_view text);

// Draws each request's delay and fault. The n-th draw depends on seed and n alone, so a run can be
// had again.
class Injector {
public:
    struct Drawn {
        std::uint32_t delay_ms;
        Fault fault;
    };

    explicit Injector(std::uint64_t seed = 1) : seed_(seed) {}

    // From here on draws are counted from 0 again.
    void set_delay(DelayRange delay);
    void set_faults(std::vector<FaultShare> shares);

    Drawn draw();

    DelayRange delay() const { return delay_; }
    const std::vector<FaultShare>& faults() const { return shares_; }

private:
    std::uint64_t seed_;
    std::uint64_t drawn_ = 0;
    DelayRange delay_;
    std::vector<FaultShare> shares_;
};

}  // namespace herd::offline
