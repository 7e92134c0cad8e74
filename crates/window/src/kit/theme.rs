//! The look: every colour, size and font of the window. Nothing else in this crate names a raw colour or size.
//!
//! Arms take the Okabe–Ito colours, magnitudes viridis; both can be told apart with any kind of colour vision.

use eframe::egui::style::{HandleShape, ScrollStyle, Selection, Widgets};
use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Galley, Id, Margin, Painter, Rgba,
    RichText, Shadow, Stroke, Style, TextStyle, Theme, Ui, Vec2, Visuals, style::WidgetVisuals,
};
use lab_core::experiment::MAX_ARMS;
use std::sync::Arc;

/// Distances, in points.
pub mod space {
    /// Between things that belong together.
    pub const XS: f32 = 4.0;
    /// Between the parts of a widget.
    pub const S: f32 = 8.0;
    /// Inside panels.
    pub const M: f32 = 12.0;
    /// Between groups.
    pub const L: f32 = 16.0;
    /// Around what stands alone.
    pub const XL: f32 = 24.0;
}

/// Text sizes, in points.
pub mod size {
    /// Captions, axes.
    pub const SMALL: f32 = 12.0;
    /// Everything else.
    pub const BODY: f32 = 13.0;
    /// Headings of sections.
    pub const HEADING: f32 = 15.0;
    /// What stands alone.
    pub const TITLE: f32 = 20.0;
}

/// Corner radius of buttons, fields and windows, in points.
pub const RADIUS: u8 = 6;
/// Height of a row of a form, in points.
pub const ROW: f32 = 24.0;
/// Side of the "?" and reset buttons beside a field, in points.
pub const ICON: f32 = 20.0;
/// Width of a hairline, in points.
pub const HAIRLINE: f32 = 1.0;
/// Width of a curve, in points.
pub const CURVE: f32 = 1.75;

/// The colours of one theme.
#[derive(Clone, Copy, Debug)]
pub struct Tokens {
    /// Whether this is the dark theme.
    pub dark: bool,
    /// Behind plots and lists.
    pub background: Color32,
    /// Behind forms and bars.
    pub panel: Color32,
    pub raised: Color32,
    /// Buttons under the pointer.
    pub hovered: Color32,
    pub hairline: Color32,
    pub text: Color32,
    pub weak: Color32,
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    pub error: Color32,
    /// What a person should look at.
    pub warning: Color32,
    /// For each arm its place in the palette.
    arms: [u8; MAX_ARMS],
}

/// The palette's colours by name.
pub const PALETTE_NAMES: [&str; MAX_ARMS] =
    ["Blue", "Vermillion", "Green", "Purple", "Orange", "Sky blue", "Yellow", "Grey"];

/// Arms in the palette's own order.
const IN_ORDER: [u8; MAX_ARMS] = [0, 1, 2, 3, 4, 5, 6, 7];

const DARK: Tokens = Tokens {
    dark: true,
    background: Color32::from_rgb(0x13, 0x15, 0x1A),
    panel: Color32::from_rgb(0x1A, 0x1D, 0x24),
    raised: Color32::from_rgb(0x29, 0x2D, 0x37),
    hovered: Color32::from_rgb(0x34, 0x39, 0x46),
    hairline: Color32::from_rgb(0x2D, 0x31, 0x3B),
    text: Color32::from_rgb(0xE3, 0xE6, 0xEC),
    weak: Color32::from_rgb(0x98, 0xA0, 0xAE),
    accent: Color32::from_rgb(0x93, 0x86, 0xF5),
    on_accent: Color32::from_rgb(0x12, 0x10, 0x24),
    error: Color32::from_rgb(0xFF, 0x8A, 0x80),
    warning: Color32::from_rgb(0xF2, 0xC1, 0x5C),
    arms: IN_ORDER,
};

const LIGHT: Tokens = Tokens {
    dark: false,
    background: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    panel: Color32::from_rgb(0xF6, 0xF7, 0xF9),
    raised: Color32::from_rgb(0xE7, 0xE9, 0xEE),
    hovered: Color32::from_rgb(0xDB, 0xDE, 0xE6),
    hairline: Color32::from_rgb(0xDD, 0xE0, 0xE6),
    text: Color32::from_rgb(0x1C, 0x20, 0x28),
    weak: Color32::from_rgb(0x5C, 0x65, 0x73),
    accent: Color32::from_rgb(0x59, 0x49, 0xC9),
    on_accent: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    error: Color32::from_rgb(0xB8, 0x1F, 0x24),
    warning: Color32::from_rgb(0x8A, 0x5A, 0x00),
    arms: IN_ORDER,
};

impl Tokens {
    /// The colour of what became of a guess: it has come true, it has not, or it is open.
    #[must_use]
    pub fn of_guess(&self, confirmed: Option<bool>) -> Color32 {
        match confirmed {
            Some(true) => self.accent,
            Some(false) => self.warning,
            None => self.weak,
        }
    }

    /// The colours in use.
    #[must_use]
    pub fn of(ui: &Ui) -> Self {
        let arms = ui.data(|data| data.get_temp(arms_id())).unwrap_or(IN_ORDER);
        Self { arms, ..if ui.visuals().dark_mode { DARK } else { LIGHT } }
    }

    /// The colours of a theme.
    #[must_use]
    pub fn for_theme(theme: Theme) -> Self {
        match theme {
            Theme::Dark => DARK,
            Theme::Light => LIGHT,
        }
    }

    /// An arm's colour on every panel.
    #[must_use]
    pub fn arm(&self, index: usize) -> Color32 {
        self.palette(self.place(index))
    }

    /// An arm's place in the palette.
    #[must_use]
    pub fn place(&self, index: usize) -> u8 {
        self.arms[index % MAX_ARMS]
    }

    /// Okabe and Ito's colours, in the order of greatest contrast, lightened in the dark.
    #[must_use]
    pub fn palette(&self, place: u8) -> Color32 {
        const ON_LIGHT: [Color32; MAX_ARMS] = [
            Color32::from_rgb(0x00, 0x72, 0xB2),
            Color32::from_rgb(0xD5, 0x5E, 0x00),
            Color32::from_rgb(0x00, 0x9E, 0x73),
            Color32::from_rgb(0xCC, 0x79, 0xA7),
            Color32::from_rgb(0xB8, 0x84, 0x00),
            Color32::from_rgb(0x3D, 0x9F, 0xD6),
            Color32::from_rgb(0x8C, 0x80, 0x00),
            Color32::from_rgb(0x55, 0x55, 0x55),
        ];
        const ON_DARK: [Color32; MAX_ARMS] = [
            Color32::from_rgb(0x4D, 0xA8, 0xE8),
            Color32::from_rgb(0xFF, 0x8A, 0x3D),
            Color32::from_rgb(0x2F, 0xCC, 0xA0),
            Color32::from_rgb(0xE3, 0x9C, 0xC6),
            Color32::from_rgb(0xE6, 0x9F, 0x00),
            Color32::from_rgb(0x8F, 0xD0, 0xF5),
            Color32::from_rgb(0xF0, 0xE4, 0x42),
            Color32::from_rgb(0xBB, 0xBB, 0xBB),
        ];
        let index = usize::from(place) % MAX_ARMS;
        if self.dark { ON_DARK[index] } else { ON_LIGHT[index] }
    }

    /// A share in [0, 1] on one hue, from the background to the accent.
    #[must_use]
    pub fn share(&self, share: f32) -> Color32 {
        self.background.lerp_to_gamma(self.accent, share.clamp(0.0, 1.0).sqrt())
    }

    /// Text that stays readable on [`Self::share`].
    #[must_use]
    pub fn on_share(&self, share: f32) -> Color32 {
        let (dark, light) = if self.dark { (self.on_accent, self.text) } else { (self.text, self.on_accent) };
        if luminance(self.share(share)) > BRIGHT { dark } else { light }
    }

    /// A separator's stroke.
    #[must_use]
    pub fn line(&self) -> Stroke {
        Stroke::new(HAIRLINE, self.hairline)
    }
}

/// Luminance of a ground from which dark text is easier to read than light text. Equal contrast would be 0.18, but on
/// saturated colours light text reads better than its contrast says.
const BRIGHT: f32 = 0.24;

/// Relative luminance, from 0 for black to 1 for white.
fn luminance(color: Color32) -> f32 {
    let [red, green, blue, _] = Rgba::from(color).to_array();
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Gives the arms of the experiment that is shown their places in the palette.
pub fn color_arms(ctx: &Context, places: [u8; MAX_ARMS]) {
    ctx.data_mut(|data| data.insert_temp(arms_id(), places));
}

/// Gives another context's arms the same colours.
pub fn same_arms(from: &Context, to: &Context) {
    if let Some(places) = from.data(|data| data.get_temp(arms_id())) {
        color_arms(to, places);
    }
}

fn arms_id() -> Id {
    Id::unique("arm colours")
}

/// The viridis map, from 0 to 1; anything else is clamped.
#[must_use]
pub fn viridis(share: f32) -> Color32 {
    let [red, green, blue] = lab_core::instrument::viridis(share);
    Color32::from_rgb(red, green, blue)
}

/// Text that stays readable on [`viridis`].
#[must_use]
pub fn on_viridis(share: f32) -> Color32 {
    if share > 0.55 { Color32::BLACK } else { Color32::WHITE }
}

/// Lines of equal height over a map.
pub const CONTOUR: Color32 = Color32::from_rgba_premultiplied(140, 140, 140, 140);
/// The mesh of a surface.
pub const MESH: Color32 = Color32::from_black_alpha(90);
/// Behind text that lies on a picture.
pub const BEHIND_TEXT: Color32 = Color32::from_black_alpha(150);

/// A heading of a section.
#[must_use]
pub fn heading(text: impl Into<String>) -> RichText {
    RichText::new(text).size(size::HEADING).family(semibold())
}

/// What stands alone at the top.
#[must_use]
pub fn title(text: impl Into<String>) -> RichText {
    RichText::new(text).size(size::TITLE).family(semibold())
}

/// Emphasised text of the usual size.
#[must_use]
pub fn strong(text: impl Into<String>) -> RichText {
    RichText::new(text).family(semibold())
}

#[must_use]
pub fn caption(text: impl Into<String>, tokens: &Tokens) -> RichText {
    RichText::new(text).size(size::SMALL).color(tokens.weak)
}

/// A line of text, with an ellipsis where it is wider than this many points.
#[must_use]
pub fn elided(painter: &Painter, text: &str, font: FontId, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = TextWrapping::truncate_at_width(width);
    painter.layout_job(job)
}

/// The face for emphasis.
#[must_use]
pub fn semibold() -> FontFamily {
    FontFamily::Name("semibold".into())
}

/// Installs fonts and both themes.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    for theme in [Theme::Dark, Theme::Light] {
        let mut style = Style::default();
        shape(&mut style);
        style.visuals = visuals(&Tokens::for_theme(theme));
        ctx.set_style_of(theme, style);
    }
}

/// Gives a picture of a window the fonts that the window has found on this computer for letters that ours lack.
pub fn same_fonts(window: &Context, picture: &Context) {
    // A window that was never drawn has found none.
    if window.cumulative_pass_nr() > 0 {
        let found = window.fonts(|fonts| fonts.discovered_fonts().to_vec());
        found.into_iter().for_each(|font| picture.add_font(font));
    }
}

/// Inter with tabular figures first, egui's own faces behind it for what it lacks; what these lack, too, eframe looks for among
/// the system's.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let regular = FontData::from_static(include_bytes!("../../../../assets/fonts/Inter-Regular.otf"));
    let bold = FontData::from_static(include_bytes!("../../../../assets/fonts/Inter-SemiBold.otf"));
    fonts.font_data.insert("Inter".into(), Arc::new(regular));
    fonts.font_data.insert("Inter SemiBold".into(), Arc::new(bold));
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (family, first) in [(FontFamily::Proportional, "Inter"), (semibold(), "Inter SemiBold")] {
        let faces = std::iter::once(first.to_owned()).chain(fallback.iter().cloned()).collect();
        fonts.families.insert(family, faces);
    }
    fonts
}

fn shape(style: &mut Style) {
    let proportional = |size| FontId::new(size, FontFamily::Proportional);
    style.text_styles = [
        (TextStyle::Small, proportional(size::SMALL)),
        (TextStyle::Body, proportional(size::BODY)),
        (TextStyle::Button, proportional(size::BODY)),
        (TextStyle::Heading, FontId::new(size::TITLE, semibold())),
        (TextStyle::Monospace, FontId::new(size::SMALL, FontFamily::Monospace)),
    ]
    .into();
    // Figures are tabular in the face itself; the monospaced face is for code only.
    style.drag_value_text_style = TextStyle::Button;
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(space::S, space::XS);
    spacing.button_padding = Vec2::new(space::S, 3.0);
    spacing.interact_size = Vec2::new(ROW, ROW);
    spacing.indent = 18.0;
    spacing.slider_width = 120.0;
    spacing.slider_rail_height = 4.0;
    spacing.combo_width = 96.0;
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 10.0;
    spacing.tooltip_width = 320.0;
    spacing.window_margin = Margin::same(12);
    spacing.menu_margin = Margin::same(8);
    spacing.scroll = ScrollStyle { bar_width: 8.0, ..ScrollStyle::floating() };
    style.interaction.tooltip_delay = 0.25;
    style.interaction.selectable_labels = false;
    style.animation_time = 0.1;
}

/// A scroll bar that is seen without the pointer, where only a few lines of more are in view.
#[must_use]
pub fn bar_in_sight() -> ScrollStyle {
    ScrollStyle { bar_width: 6.0, ..ScrollStyle::solid() }
}

fn visuals(tokens: &Tokens) -> Visuals {
    let radius = CornerRadius::same(RADIUS);
    let widget = |fill: Color32, outline: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(HAIRLINE, outline),
        corner_radius: radius,
        fg_stroke: Stroke::new(1.25, text),
        expansion: 0.0,
    };
    let base = if tokens.dark { Visuals::dark() } else { Visuals::light() };
    let shadow = Shadow {
        offset: [0, 4],
        blur: 16,
        spread: 0,
        color: Color32::from_black_alpha(if tokens.dark { 96 } else { 40 }),
    };
    Visuals {
        widgets: Widgets {
            noninteractive: widget(tokens.panel, tokens.hairline, tokens.text),
            inactive: widget(tokens.raised, Color32::TRANSPARENT, tokens.text),
            hovered: widget(tokens.hovered, tokens.hairline, tokens.text),
            active: widget(tokens.hovered, tokens.accent, tokens.text),
            open: widget(tokens.hovered, tokens.hairline, tokens.text),
        },
        selection: Selection {
            bg_fill: tokens.accent.gamma_multiply(if tokens.dark { 0.45 } else { 0.28 }),
            stroke: Stroke::new(HAIRLINE, if tokens.dark { tokens.text } else { tokens.accent }),
        },
        weak_text_color: Some(tokens.weak),
        hyperlink_color: tokens.accent,
        faint_bg_color: tokens.raised.gamma_multiply(0.4),
        extreme_bg_color: tokens.background,
        text_edit_bg_color: Some(tokens.raised),
        code_bg_color: tokens.raised,
        warn_fg_color: tokens.warning,
        error_fg_color: tokens.error,
        window_corner_radius: CornerRadius::same(RADIUS + 4),
        menu_corner_radius: radius,
        window_fill: tokens.panel,
        window_stroke: Stroke::new(HAIRLINE, tokens.hairline),
        window_shadow: shadow,
        popup_shadow: shadow,
        panel_fill: tokens.panel,
        slider_trailing_fill: true,
        handle_shape: HandleShape::Circle,
        indent_has_left_vline: false,
        ..base
    }
}
