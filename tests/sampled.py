"""Which cases of the large parametrized tests ``make test`` runs; ``make test-all`` runs all of them.

For each test by its name: shell patterns of the case ids that run. An empty tuple leaves out the whole test, because it
takes long. All other cases get the marker ``slow``.
"""

from __future__ import annotations

MECHANISMS = ("plain*", "cbam*", "self-attention*", "recurrent*")
SMALL = ("convnext", "mobilenet", "vit", "swin-v2")
MODELS = ("scenes/*", "imagenette/cbam*", "imagenette/transformer*", "scenes-place/cbam*")

SAMPLED: dict[str, tuple[str, ...]] = {
    # every mechanism, every method, every model
    "test_contract": MECHANISMS,
    "test_nothing_stays_behind_after_success": MECHANISMS,
    "test_nothing_stays_behind_after_failure": MECHANISMS,
    "test_stopped_between_two_batches": MECHANISMS,
    "test_under_no_grad_and_inline_on_the_worker": MECHANISMS,
    "test_integrated_gradients_are_complete": MECHANISMS,
    "test_gradient_shap_by_a_loop": MECHANISMS,
    "test_vargrad_by_a_loop": MECHANISMS,
    "test_smoothgrad_by_a_loop": MECHANISMS,
    "test_grad_cam_by_a_loop": MECHANISMS,
    "test_each_mechanisms_maps_are_checked_as_the_core_does": ("plain", "cbam", "recurrent"),
    "test_each_way_says_what_the_core_says": ("cbam", "self-attention", "recurrent"),
    "test_a_few_pictures_are_answered_as_the_card_says": MODELS,
    "test_each_model_reads_each_family_of_picture": MODELS,
    "test_torchvisions_models_add_up": SMALL,
    "test_every_method_that_is_offered_runs": SMALL,
    "test_stages_are_found_and_laid_out": SMALL,
    "test_panel_of_torchvisions_models": ("vit", "swin"),
    "test_torchvisions_stages_stay_whatever_the_weights_and_trying_them_gives_the_same": (
        "squeezenet*", "mnasnet*", "mobilenet_v2", "mobilenet_v3*", "shufflenet*", "resnet18", "regnet_x*"
    ),
    "test_eight_threads_share_a_model_and_none_of_800_readings_is_wrong": ("cbam",),
    "test_threads_that_share_a_model_hear_and_steer_only_their_own": ("recurrent",),
    "test_the_tag_is_found_without_its_label": ("scenes-tag/self-attention",),
    "test_each_sample_that_is_offered_opens_once": ("scenes", "imagenette"),
    "test_each_section_is_there_for_each_family": ("scenes", "imagenette"),
    "test_a_folder_of_timm_gives_the_same_logits": ("test_vit", "test_resnet"),
    "test_checkpoints_and_state_dicts_give_the_same_logits": ("timm/test_vit", "torchvision/squeezenet1_1"),
    "test_the_table_of_digests_is_that_of_the_installed_libraries": ("timm/resnet18",),
    "test_the_list_says_what_timm_says": ("vit_tiny*", "mobilenetv4*", "seresnet50*"),
    "test_float32_is_close_to_float64": ("plain", "self-attention"),
    "test_occlusion_by_a_loop": ("8-8-black-cbam", "24-8-mean-color-plain", "17-16-blurred-*"),
    "test_the_path_by_a_loop_and_in_any_batches": ("feature-gate-uniform", "self-attention-off", "recurrent-uniform"),
    "test_in_torchvisions_models_it_adds_up_to_the_effect_of_the_attention": ("*-vit", "uniform-swin"),
    "test_layer_integrated_gradients_add_up": ("feature-gate-*", "self-attention-*", "recurrent-*"),
    "test_a_reading_has_the_energy_of_the_last_stage": ("resnet", "regnet", "mobilenet", "convnext", "vit", "swin*"),
    "test_shares_over_pictures_are_the_means_of_single_ones": ("plain", "squeeze-excitation", "cbam", "recurrent"),
    "test_every_kind_of_model_has_its_table": ("*/plain", "*/squeeze-excitation", "*/recurrent", "tasks-odd-one-out/*"),
    "test_the_weight_of_the_page_is_that_of_the_model": ("*/cbam", "*/feature-gate", "*/recurrent", "*/transformer"),
    "test_the_matrix_is_there_whichever_model_is_chosen": ("scenes/cbam", "*/plain", "*/cbam"),
    "test_ground_truth_shows_the_rows_with_chance": ("scenes/*", "scenes-tag/cbam-tag-*", "imagenette/*"),
    "test_a_report_is_opened_and_its_numbers_are_the_same": ("scenes/cbam", "scenes/transformer", "scenes/recurrent"),
    "test_explore_has_general_words_for_a_new_kind": ("group",),
    # what people bring
    "test_what_needs_a_gradient_is_refused_and_the_rest_works": ("no_grad", "detached", "numpy", "rounded features"),
    "test_what_stands_around_a_call_changes_no_number": ("*-adopted",),
    "test_a_custom_inception_gives_torchvisions_logits": ("nothing-g*", "halves-g*"),
    "test_a_model_for_one_picture_works_in_everything": ("one row", "no batch axis", "mean of the batch", "list"),
    "test_no_command_ends_in_a_traceback": ("ascii",),
    "test_names_that_are_no_text_at_all": (),
    "test_a_page_that_is_not_there_is_reported_once": ("*/nonsense-*", "None-None", "*run=x-None"),
    "test_changed_windows_keep_their_answers": ("*-swin", "*-swin-v2"),
    "test_what_is_compiled_or_parallel_is_the_module_itself": ("compiled-*", "forward compiled-*", "parallel-*"),
    "test_what_tools_change_gives_the_same_answers_and_can_be_randomized": ("*-False",),
    "test_methods_that_fit_are_offered_and_each_runs": (),
    "test_killed_and_resumed_it_equals_an_unbroken_scan": (),
    "test_reading_a_part_of_it_is_no_mistake": (),
    # lessons
    "test_every_lesson_is_walked_to_its_end": (
        "first-minute-*",
        "how-much-not-where-en",
        "heads-rows-and-rollout-zh-CN",
        "which-mechanism*-en",
        "testing-an-explanation-zh-CN",
    ),
    # in two languages
    "test_every_page_is_chinese": ("explore", "learn"),
    "test_no_text_is_cut_in_either_language": ("explore-*-390",),
    # in a browser
    "test_every_text_can_be_read": ("dark",),
    "test_no_word_is_cut_on_a_narrow_or_enlarged_page": ("720",),
    "test_wipe_and_difference_move_nothing_and_fit_the_window": ("imagenette/transformer",),
    "test_nothing_glides_where_no_motion_is_wanted": (),
    "test_the_ring_of_the_keyboard_is_not_that_of_the_choice": (),
    "test_back_and_forward_bring_the_display_of_each_view": (),
    "test_back_and_forward_lead_from_view_to_view": (),
    "test_a_wrong_look_in_the_address_costs_one_sentence": (),
    "test_a_pasted_picture_joins_the_strip": (),
    "test_one_class_rather_than_another_is_a_strip_of_three_maps": (),
    "test_what_tells_one_map_from_another_is_not_cut_off": (),
    "test_the_code_of_a_view_gives_the_numbers_on_the_page": (),
    "test_weights_that_come_damaged_cost_one_sentence": (),
    "test_equation_and_charts_are_drawn_without_a_network": (),
    "test_the_table_goes_into_a_file": (),
    "test_measuring_reports_its_progress_and_stops": (),
    "test_points_that_are_drawn_round_are_shown": (),
    "test_the_table_and_the_report_are_saved": (),
    "test_a_zip_of_24_megabytes_arrives_and_is_listed": (),
    "test_the_rubber_the_buttons_and_a_wider_brush": (),
    "test_the_grid_in_the_browser_stays_until_python_asks_for_another": (),
    "test_a_text_that_is_not_made_literal_is_read_as_markdown": (),
    "test_an_address_opens_the_same_view_elsewhere": (),
    "test_back_leads_from_page_to_page": (),
    "test_the_view_is_saved_as_png_and_npz": (),
    "test_a_dropped_picture_joins_the_strip_and_leaves_it": (),
    "test_the_link_is_that_of_the_present_state": (),
    "test_two_files_make_a_model_of_the_user": (),
    "test_what_was_cleared_does_not_come_back": (),
    "test_a_film_plays_to_its_end_and_nothing_is_sent": (),
    "test_a_patch_of_a_window_looks_into_its_window_only": ("0-1",),
    "test_what_a_step_reveals_is_in_view_next_to_the_lesson": (
        "how-much-not-where/many-pictures-size0", "self-attention-by-hand/look-size1"
    ),
    "test_on_a_projector_long_answers_leave_the_buttons_in_sight_and_no_type_is_small": ("zh-CN",),
    "test_the_list_of_methods_and_its_parameters_do_not_overlap": ("en",),
    "test_the_bars_of_a_vote_are_in_view_once_they_are_revealed": ("*-zh-CN",),
    "test_the_first_step_of_the_tour_is_done_without_scrolling": ("390-844",),
}  # fmt: skip
