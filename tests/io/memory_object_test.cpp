#include "io/memory_object.h"

#include <cstring>
#include <functional>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/errors.h"
#include "tests/temporary_folder.h"

namespace headsweep {
namespace {

constexpr std::int64_t small = 5000, large = (std::int64_t{7} << 20) + 5000;

/// Whether `check`, run in another process, says yes.
bool holds_in_child(const std::function<bool()>& check) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? 0 : 1);
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

TEST(MemoryObject, IsZerosAlignedToHugePages) {
  for (const std::int64_t bytes : {std::int64_t{1}, small, large}) {
    const MemoryObject object = MemoryObject::create(bytes);
    EXPECT_EQ(object.bytes(), bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(object.data()) % (2 << 20), 0u);
    EXPECT_TRUE(std::all_of(object.data(), object.data() + bytes,
                            [](std::byte value) { return value == std::byte{0}; }));
    std::memset(object.data(), 7, static_cast<std::size_t>(bytes));
  }
}

TEST(MemoryObject, IsOneMemoryForAllProcesses) {
  for (const std::int64_t bytes : {small, large}) {
    const MemoryObject object = MemoryObject::create(bytes);
    object.data()[0] = object.data()[bytes - 1] = std::byte{42};
    EXPECT_TRUE(holds_in_child([&] {
      const auto attached = MemoryObject::attach(getppid(), object.descriptor(), bytes);
      if (!attached || attached->data() == object.data()) return false;
      const bool same = attached->bytes() == bytes && attached->data()[0] == std::byte{42} &&
                        attached->data()[bytes - 1] == std::byte{42};
      attached->data()[1] = std::byte{43};
      return same;
    }));
    EXPECT_EQ(object.data()[1], std::byte{43});
  }
}

TEST(MemoryObject, OutlivesWhoCreatedIt) {
  auto object = std::make_optional(MemoryObject::create(small));
  object->data()[9] = std::byte{9};
  const auto attached = MemoryObject::attach(getpid(), object->descriptor(), small);
  object.reset();
  ASSERT_TRUE(attached);
  EXPECT_EQ(attached->data()[9], std::byte{9});
}

TEST(MemoryObject, ThatIsClosedIsNotFound) {
  auto object = std::make_optional(MemoryObject::create(small));
  const int descriptor = object->descriptor();
  object.reset();
  EXPECT_FALSE(MemoryObject::attach(getpid(), descriptor, small));
}

TEST(MemoryObject, OfAnotherSizeAFileOrNoProcessIsNotTakenForIt) {
  const MemoryObject object = MemoryObject::create(small);
  EXPECT_FALSE(MemoryObject::attach(getpid(), object.descriptor(), small + 1));
  EXPECT_FALSE(MemoryObject::attach(getpid(), -1, small));
  const TemporaryFolder folder;
  const auto path = folder.write("file", std::string(small, 'x'));
  const FileDescriptor file = open_descriptor(path, O_RDWR);
  ASSERT_TRUE(file.is_open());
  EXPECT_FALSE(MemoryObject::attach(getpid(), file.get(), small));
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(MemoryObject::attach(child, object.descriptor(), small));
}

TEST(MemoryObject, CanBeMoved) {
  MemoryObject first = MemoryObject::create(small);
  std::byte* const data = first.data();
  MemoryObject second = std::move(first);
  EXPECT_EQ(second.data(), data);
  second = MemoryObject::create(large);
  second.data()[large - 1] = std::byte{1};
}

TEST(MemoryObject, IsKeptAliveByItsViews) {
  auto object = std::make_shared<MemoryObject>(MemoryObject::create(small));
  std::byte* const data = object->data();
  const std::weak_ptr<MemoryObject> watched = object;
  std::shared_ptr<void> seen = view(object, 64);
  object.reset();
  EXPECT_EQ(seen.get(), data + 64);
  EXPECT_FALSE(watched.expired());
  seen.reset();
  EXPECT_TRUE(watched.expired());
}

TEST(MemoryObject, LargerThanTheMachineIsRefused) {
  EXPECT_THAT([] { MemoryObject::create(std::int64_t{1} << 60); },
              testing::ThrowsMessage<MachineError>(
                  testing::AllOf(testing::HasSubstr("1152921504606.8 MB of memory"),
                                 testing::HasSubstr("the machine has"))));
}

}  // namespace
}  // namespace headsweep
