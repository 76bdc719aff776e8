#include "core/image.h"

#include <cstring>

#include "core/refusal.h"
#include "core/trap.h"

namespace emu {

namespace {

constexpr char kMagic[8] = {'C', 'U', 'D', 'A', 'E', 'M', 'U', '3'};
constexpr size_t kLargest = size_t{256} << 20;
constexpr const char *kTextHead = ".version 8.7\n.target sm_90\n.address_size 64\n// cuda-emulator ";

struct Head {
    char magic[8];
    uint64_t bytes;
    uint64_t checksum; ///< of what follows
};

uint64_t checksum_of(const char *bytes, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325ull; // FNV-1a
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ static_cast<unsigned char>(bytes[i])) * 0x100000001b3ull;
    }
    return hash;
}

void put(std::string &out, const std::string &part)
{
    const uint64_t size = part.size();
    out.append(reinterpret_cast<const char *>(&size), sizeof(size));
    out += part;
}

std::string take(const std::string &bytes, size_t &at)
{
    uint64_t size = 0;
    if (bytes.size() - at < sizeof(size)) {
        refuse(CUDA_ERROR_INVALID_IMAGE, "the image ends inside of its parts");
    }
    std::memcpy(&size, bytes.data() + at, sizeof(size));
    at += sizeof(size);
    if (bytes.size() - at < size) {
        refuse(CUDA_ERROR_INVALID_IMAGE, "a part of the image claims %llu bytes", static_cast<unsigned long long>(size));
    }
    at += size;
    return bytes.substr(at - size, size);
}

Image parse(const std::string &bytes)
{
    Head head{};
    std::memcpy(&head, bytes.data(), sizeof(head));
    const char *parts = bytes.data() + sizeof(head);
    const size_t count = bytes.size() - sizeof(head);
    if (checksum_of(parts, count) != head.checksum) {
        refuse(CUDA_ERROR_INVALID_IMAGE, "the image is damaged: its checksum differs");
    }
    size_t at = sizeof(head);
    Image image;
    image.architecture = take(bytes, at);
    image.source = take(bytes, at);
    const std::string options = take(bytes, at);
    image.processor = take(bytes, at);
    image.code = take(bytes, at);
    for (size_t from = 0; from < options.size();) {
        const size_t end = std::min(options.find('\n', from), options.size());
        image.options.push_back(options.substr(from, end - from));
        from = end + 1;
    }
    return image;
}

/// NUL-terminated text from a pointer that may be anything.
std::string read_text(const char *text)
{
    std::string result;
    char chunk[64];
    while (result.size() < 2 * kLargest) {
        // A text may end just before a page that is not there: byte by byte near it.
        const size_t room = 4096 - (reinterpret_cast<uintptr_t>(text + result.size()) & 4095);
        const size_t count = std::min(sizeof(chunk), room);
        if (!guarded_copy(chunk, text + result.size(), count)) {
            refuse(CUDA_ERROR_INVALID_VALUE, "the image cannot be read");
        }
        const size_t length = strnlen(chunk, count);
        result.append(chunk, length);
        if (length < count) {
            return result;
        }
    }
    refuse(CUDA_ERROR_INVALID_IMAGE, "the text has no end");
}

int nibble(char letter)
{
    return letter >= '0' && letter <= '9' ? letter - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

std::string from_text(const std::string &text)
{
    if (text.rfind(kTextHead, 0) != 0) {
        refuse(CUDA_ERROR_INVALID_PTX, "this is PTX that the stand-in compiler did not make: the emulator has no PTX compiler");
    }
    std::string bytes;
    for (size_t i = std::strlen(kTextHead); i + 1 < text.size(); i += 2) {
        const int high = nibble(text[i]), low = nibble(text[i + 1]);
        if (high < 0 || low < 0) {
            refuse(CUDA_ERROR_INVALID_PTX, "the text is damaged at byte %zu", i);
        }
        bytes += static_cast<char>(high << 4 | low);
    }
    if (bytes.size() < sizeof(Head)) {
        refuse(CUDA_ERROR_INVALID_PTX, "the text is truncated");
    }
    return bytes;
}

} // namespace

int Image::capability() const
{
    const size_t digits = architecture.find('_');
    return digits == std::string::npos ? 0 : std::atoi(architecture.c_str() + digits + 1);
}

std::string write_image(const Image &image)
{
    std::string parts;
    put(parts, image.architecture);
    put(parts, image.source);
    std::string options;
    for (const std::string &option : image.options) {
        options += option + "\n";
    }
    put(parts, options);
    put(parts, image.processor);
    put(parts, image.code);
    Head head{};
    std::memcpy(head.magic, kMagic, sizeof(kMagic));
    head.bytes = sizeof(head) + parts.size();
    head.checksum = checksum_of(parts.data(), parts.size());
    return std::string(reinterpret_cast<const char *>(&head), sizeof(head)) + parts;
}

std::string write_text(const Image &image)
{
    constexpr const char *kDigits = "0123456789abcdef";
    std::string text = kTextHead;
    for (const char byte : write_image(image)) {
        text += kDigits[static_cast<unsigned char>(byte) >> 4];
        text += kDigits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

Image read_image(const void *bytes)
{
    Head head{};
    if (bytes == nullptr || !guarded_copy(&head, bytes, 8)) {
        refuse(CUDA_ERROR_INVALID_VALUE, "the image cannot be read");
    }
    if (std::memcmp(head.magic, "\x7f" "ELF", 4) == 0) {
        refuse(CUDA_ERROR_NO_BINARY_FOR_GPU, "this is a real cubin: the emulator runs what its own compiler made");
    }
    if (std::memcmp(head.magic, kMagic, sizeof(kMagic)) != 0) {
        const bool text = head.magic[0] == '.' || head.magic[0] == '/' || head.magic[0] == '\n';
        if (!text) {
            refuse(CUDA_ERROR_INVALID_IMAGE, "the bytes are neither a cubin of the emulator's nor PTX");
        }
        return parse(from_text(read_text(static_cast<const char *>(bytes))));
    }
    if (!guarded_copy(&head, bytes, sizeof(head)) || head.bytes < sizeof(head) || head.bytes > kLargest) {
        refuse(CUDA_ERROR_INVALID_IMAGE, "the image claims %llu bytes", static_cast<unsigned long long>(head.bytes));
    }
    std::string copy(head.bytes, 0);
    if (!guarded_copy(&copy[0], bytes, copy.size())) {
        refuse(CUDA_ERROR_INVALID_IMAGE, "the image is truncated");
    }
    return parse(copy);
}

} // namespace emu
