use std::process::Command;

use serde_json::Value;

use super::{app_with_folder, http, png};

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_of_the_readme_upload_a_picture() {
    let (app, folder) = app_with_folder("readme").await;
    let ada = app.member("ada").await;
    let readme = include_str!("../../../README.md");
    let after =
        readme.split_once("tests/it/uploads/readme.rs runs this -->\n```sh\n").expect("the example").1;
    let script = after.split_once("\n```").expect("its end").0.to_owned();
    let place = folder.with_file_name("picture");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("me.png"), png(5000)).unwrap();
    let (api, token) = (app.url.clone(), ada.token.clone().unwrap());
    let ran = tokio::task::spawn_blocking(move || {
        let mut shell = Command::new("bash");
        shell.args(["-ec", &script]).current_dir(place).env("api", api).env("token", token).output().unwrap()
    })
    .await
    .unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    let last = format!("{{{}", printed.rsplit_once("}{").expect("two answers").1);
    let last: Value = serde_json::from_str(&last).expect("an answer");
    let address = last["data"]["updateProfile"]["member"]["avatarUrl"].as_str().expect("a picture");
    assert_eq!(http().get(address).send().await.unwrap().bytes().await.unwrap(), png(5000));
}
