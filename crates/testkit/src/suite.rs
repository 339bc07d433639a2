//! One suite for both databases: each test is written once, takes the database it runs on, and is two tests.

/// `suite! { room: test, another; second_room: third; }`: tests in modules of the test program. Each is an
/// `async fn(TestDatabase)` that its module, a child of the one where this stands, shows to the crate.
#[macro_export]
macro_rules! suite {
    ($($room:ident: $($test:ident),+ $(,)?;)+) => {
        mod sqlite {
            $(mod $room { $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::super::$room::$test($crate::sqlite().await).await;
                }
            )+ })+
        }
        mod postgres {
            $(mod $room { $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::super::$room::$test($crate::postgres().await).await;
                }
            )+ })+
        }
    };
}

/// `on_both!(test, another)`: the same for tests in the module where it stands.
#[macro_export]
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::postgres().await).await;
            })+
        }
    };
}
